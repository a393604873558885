"""`homelab doctor`: what was looked at, for people as a table, for programs as `doctor/1`."""

from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import RenderableType
from rich.text import Text

from homelab.cli.output import Json, console, print_json, table
from homelab.doctor import Finding, examine, holds

UNPROVEN = 3
STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(as_json: Json = False) -> None:
    """Look at this machine for what keeps the platform from running, and say how to mend it.

    Nothing is started or changed, and the platform need not run. Exit code 3 when a check fails; a warning is
    none. docs/doctor.md tells every finding.

    Examples:
      homelab doctor
      homelab doctor --json
    """
    findings = tuple(examine())
    if as_json:
        print_json({"schema": "doctor/1", "ok": holds(findings), "findings": [asdict(one) for one in findings]})
    else:
        screen = console()
        screen.print(shown(findings))
        screen.print(summary(findings))
    if not holds(findings):
        raise typer.Exit(UNPROVEN)


def shown(findings: Sequence[Finding]) -> RenderableType:
    """A row for each finding; the mend stands below what it mends."""
    rows = table("state", "finding", "of", "evidence and mend")
    for one in findings:
        evidence = Text(one.evidence)
        if one.mend:
            evidence.append(f"\n→ {one.mend}", style="green" if one.state != "ok" else "dim")
        rows.add_row(Text(one.state, style=STYLES[one.state]), one.id, Text(one.subject), evidence)
    return rows


def summary(findings: Sequence[Finding]) -> str:
    count = {state: sum(one.state == state for one in findings) for state in STYLES}
    return f"{count['ok']} ok, {count['warn']} to look at, {count['fail']} failed"
