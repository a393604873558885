"""`homelab demo`: from an unmeasured machine to an answer, and what each part of the way cost."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, time
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from homelab.cli.output import console, table

Paths = Annotated[list[Path] | None, typer.Argument(metavar="[PATH…]", help="documents [default: the samples]")]
Question = Annotated[str | None, typer.Option("--question", metavar="TEXT", help="what to ask at the end")]
Stop = Annotated[bool, typer.Option("--stop", help="stop the platform at the end; its data stays")]


def demo(paths: Paths = None, question: Question = None, stop: Stop = False) -> None:
    """Measure this machine, plan it, start the platform inside the plan, ingest documents and ask.

    The platform goes on running afterwards, for `./lab ask` and `./lab ingest`; `./lab local-down` stops it.
    Ctrl-C stops what the demo has started. A second run ingests nothing twice.

    Examples:
      homelab demo
      homelab demo ~/Documents --question 'When does the warranty end?'
    """
    from homelab.cli import demonstration as show

    show.named(paths or ())
    screen, clock = console(), Clock()
    with ExitStack() as undo:
        with clock.part("audit", screen, "Measuring this machine"):
            lab, host = show.measured(screen)
        with clock.part("plan", screen, "Planning its memory, CPU and disk"):
            plan = show.planned(lab, host, screen)
        with clock.part("start", screen, "Starting the platform inside the plan"):
            platform, started = show.started(lab, plan, screen)
        if started:
            undo.callback(show.stopped, platform, screen)
        with clock.part("ingest", screen, "Ingesting documents"):
            complete = show.ingested(paths, platform, screen)
        with clock.part("ask", screen, "Asking"):
            show.asked(paths, question, screen)
        show.compared(platform, screen)
        clock.show(screen)
        if not stop:
            undo.pop_all()
            if started:
                screen.print(show.GOES_ON)
        elif not started:
            show.stopped(platform, screen)
    if not complete:
        raise typer.Exit(1)


class Clock:
    """Seconds by part, for the table at the end; what came before this command counts as `prepare`."""

    def __init__(self) -> None:
        started = os.environ.get("LAB_STARTED")
        self._parts: dict[str, float] = {"prepare": time() - float(started)} if started else {}

    @contextmanager
    def part(self, name: str, screen: Console, heading: str) -> Iterator[None]:
        screen.print(Text(f"\n{heading}", style="bold"))
        began = monotonic()
        yield
        self._parts[name] = monotonic() - began

    def show(self, screen: Console) -> None:
        rows = table(*self._parts, "together", numbers=(*self._parts, "together"), title="Where the time went")
        seconds = (*self._parts.values(), sum(self._parts.values()))
        rows.add_row(*(f"{second:.1f} s" for second in seconds))
        screen.print(rows)
