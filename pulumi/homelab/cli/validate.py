"""`homelab validate`: what a phase promises, asked of the running platform."""

import os
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from homelab.cli.output import Json, console, print_json, table
from homelab.lab import load
from homelab.validate import STACKS, Report, validated
from homelab.validate.keeping import keep

NOT_HELD = 3
"""The exit code of a validation that did not hold."""

PATIENCE = 600
"""Seconds. Images of 200 to 800 MB are pulled at first, by a home's line."""

MARKS = {"held": ("✓", "green"), "does not hold": ("✗", "bold red"), "left out": ("–", "yellow")}


def _known(stack: str) -> str:
    if stack not in STACKS:
        raise typer.BadParameter(f"the stacks are {', '.join(STACKS)}")
    return stack


Stack = Annotated[str, typer.Option(metavar="S", callback=_known, help=f"one of {', '.join(STACKS)}")]
Patience = Annotated[
    int, typer.Option("--patience", min=0, metavar="SECONDS", help="wait for pods at most so long")
]


def validate(stack: Stack, patience: Patience = PATIENCE, as_json: Json = False) -> None:
    """Ask everything that a phase promises; pods that are still starting are waited for.

    What is left out by name, because nothing of it is placed, is listed apart. With HOMELAB=1 a success is
    recorded in the cluster, and the phases that build on this one may go; a failure takes the record away.

    Examples:
      homelab validate --stack phase0
      HOMELAB=1 homelab validate --stack phase1-core --json
    """
    lab = load()
    screen = console("stderr")
    with screen.status(f"validating {stack}") as status:
        said: list[str] = []

        def tell(what: str) -> None:
            """On a terminal in place; elsewhere a line whenever it changes."""
            if screen.is_terminal:
                status.update(what)
            elif said[-1:] != [what]:
                said.append(what)
                screen.print(Text(f"  {what}"), soft_wrap=True)

        report = validated(lab, stack, patience, tell)
    note = keep(lab, report, os.environ)
    if as_json:
        print_json({**report.as_json(), "recorded": not note, "note": note})
    else:
        show(report, console())
        if note:
            console().print(Text(note[:1].upper() + note[1:], style="yellow"), soft_wrap=True)
    if not report.held:
        raise typer.Exit(NOT_HELD)


def show(report: Report, screen: Console) -> None:
    """A row for each outcome; what was left out stands apart."""
    rows = table("", report.stack, "seen", "mend")
    for one in report.asked:
        mark, style = MARKS[one.state]
        rows.add_row(Text(mark, style=style), Text(one.name), Text(one.evidence), Text(one.mend, style="green"))
    screen.print(rows)
    if report.left_out:
        rows = table("", "left out", "why", "to have it")
        for one in report.left_out:
            mark, style = MARKS[one.state]
            rows.add_row(Text(mark, style=style), Text(one.name), Text(one.evidence), Text(one.mend))
        screen.print(rows)
    held = sum(one.state == "held" for one in report.asked)
    told = f"{held} of {len(report.asked)} hold" + (
        f", {len(report.left_out)} left out" if report.left_out else ""
    )
    screen.print(Text(f"{report.stack}: {told}", style="green" if report.held else "bold red"))
