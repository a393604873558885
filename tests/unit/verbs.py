"""Verbs for the tests of the command line: each ends in its own way."""

import signal
import sys

import typer

from homelab.cli.commands import Command
from homelab.cli.output import Json, console, print_json, table
from homelab.errors import BudgetExceeded, InvalidInput, Problem
from homelab.lab import load
from pipeline.errors import Unavailable


def good(as_json: Json = False) -> None:
    """Say which hosts there are.

    Examples:
      homelab good
    """
    names = list(load().hosts)
    if as_json:
        print_json({"hosts": names})
        return
    rows = table("host")
    for name in names:
        rows.add_row(name, style="red")
    console().print(rows)


def bad(as_json: Json = False) -> None:
    raise InvalidInput(
        Problem("lab.yaml:1 a", "'x'", "must be a\nnumber", "write 1"), Problem("lab.yaml:2 b", "", "required", "")
    )


def away(as_json: Json = False) -> None:
    raise Unavailable("nats://127.0.0.1:4222", "nothing answers")


def full(as_json: Json = False) -> None:
    raise BudgetExceeded("pi", "memory", 1000, 1500, (("reserve", 200), ("postgres", 1300)))


def unproven() -> None:
    raise typer.Exit(3)


def ours() -> None:
    raise ZeroDivisionError("a mistake of ours")


def waits() -> None:
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    signal.pause()


VERBS = tuple(
    Command(name, f"verbs:{name.split()[-1]}", "Tests", f"the verb {name}")
    for name in ("good", "bad", "away", "full", "unproven", "ours", "waits", "local good")
)
