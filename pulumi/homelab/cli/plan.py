"""`homelab plan`: the ledger of each host, for people as a table and a bar, for programs as `plan/1`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from homelab.bars import bars
from homelab.cli.gates import end, shown
from homelab.cli.hosts import known
from homelab.cli.ledger import ledger
from homelab.cli.output import Json, console, print_json
from homelab.errors import InvalidInput, Problem
from homelab.gates import judge
from homelab.lab import load
from homelab.plan_json import document
from homelab.planner import HostPlan, plan_lab


def plan(
    host: Annotated[str | None, typer.Option(metavar="NAME", help="only this host of lab.yaml")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write it as a page to look at, and to hang up")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print who gets how much memory and CPU on each host, what is left, and which measurements stand against it.

    Everything follows from the measured facts, lab.yaml and the profile; nothing is changed. What cannot fit is
    refused with the whole sum, and exit code 1; what cannot run there as measured, with exit code 3.

    Examples:
      homelab plan
      homelab plan --host desktop --json
      homelab plan --html ledger.html
    """
    lab = load()
    wanted = list(lab.hosts) if host is None else known(lab, [host], "--host")
    chosen = [one for one in plan_lab(lab).hosts if one.name in wanted]
    if html is not None and chosen:
        _write(html, chosen)
    if as_json:
        print_json(document(chosen))
    elif html is None or not chosen:
        _print(chosen, host)
    end(chosen)


def _write(file: Path, chosen: Sequence[HostPlan]) -> None:
    """The page, whole or not at all; where it is on stderr, so that --json stays alone on stdout."""
    from homelab.poster import page

    file = file.expanduser()
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(page(chosen), "utf-8")
        new.replace(file)
    except OSError as failure:
        fix = f"mkdir -p {file.parent}" if not file.parent.exists() else "name another file"
        given = (failure.strerror or "cannot be written").lower()
        raise InvalidInput(Problem("--html", str(file), given, fix)) from None
    finally:
        new.unlink(missing_ok=True)
    console("stderr").print(f"{file} · open it in a browser, or print it on A3", soft_wrap=True)


def _print(chosen: Sequence[HostPlan], host: str | None) -> None:
    screen = console()
    for number, one in enumerate(chosen):
        if number:
            screen.print()
        screen.print(ledger(one.budget, one.profile.name, bars(one)))
        for line in map(shown, judge(one.facts, one.budget)):
            screen.print(line)
    if not chosen:
        screen.print(f"nothing is placed on {host or 'any host'}")
