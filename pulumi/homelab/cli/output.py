"""What every verb prints with: JSON, tables, and a console that knows its width and whether it may colour."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from homelab.cli.lazy import WIDTH

Stream = Literal["stdout", "stderr"]


def _remember(context: typer.Context, asked: bool) -> bool:
    if context.find_root().obj is not None:
        context.find_root().obj.json = asked
    return asked


Json = Annotated[bool, typer.Option("--json", callback=_remember, help="print JSON for programs")]
"""The flag of every verb that prints: `def verb(as_json: Json = False)`. Refusals are then JSON too."""


def console(stream: Stream = "stdout") -> Console:
    """As wide as the terminal, else COLUMNS, else 100. Colour only on a terminal and without NO_COLOR.

    Square brackets are printed as they are: names of facts, such as mounts[/].free_bytes, have them too.
    """
    file = getattr(sys, stream)
    width = None if file.isatty() else int(os.environ.get("COLUMNS") or WIDTH)
    return Console(file=file, width=width, highlight=False, emoji=False, markup=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One document on stdout, keys in the order given."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def table(
    *columns: str,
    title: str | None = None,
    numbers: Sequence[str] = (),
    sums: Mapping[str, str] | None = None,
) -> Table:
    """A table without vertical lines; the columns named in `numbers` are aligned right and never wrapped.

    `sums` stand under a line below the columns that they name.
    """
    made = Table(
        box=box.SIMPLE, title=title, title_justify="left", title_style="bold", show_footer=sums is not None
    )
    made.show_edge, made.pad_edge, made.collapse_padding = False, False, True
    for column in columns:
        number = column in numbers
        foot = "" if sums is None else sums.get(column, "")
        made.add_column(column, foot, justify="right" if number else "left", no_wrap=number, overflow="fold")
    return made


def percent(part: int, whole: int) -> str:
    """`12.5 %`; a dash of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "–"
