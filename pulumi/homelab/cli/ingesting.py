"""An ingest for people: a bar on a terminal, now and then a line elsewhere, and the summary."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from homelab.cli import failure
from homelab.errors import Problem
from pipeline.follow import Progress as State
from pipeline.ingest import Report
from pipeline.problem import Problem as DocumentProblem

EVERY = 5.0
"""Seconds between two lines where there is no terminal: a log shows that it goes on, and stays short."""

NAME = 40
"""Characters of the latest document's name that fit beside the bar."""

Tell = Callable[[State], None]


@contextmanager
def shown_progress(screen: Console, *, quiet: bool) -> Iterator[Tell]:
    """What to call with each state of the run; nothing is shown when `quiet`."""
    if quiet:
        yield lambda _: None
    elif screen.is_terminal:
        with _bar(screen) as tell:
            yield tell
    else:
        yield _lines(screen)


@contextmanager
def _bar(screen: Console) -> Iterator[Tell]:
    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=screen, transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(state: State) -> None:
            name = state.latest if len(state.latest) <= NAME else "…" + state.latest[1 - NAME :]
            progress.update(task, total=state.found or None, completed=_done(state), description=name)

        yield tell


def _lines(screen: Console) -> Tell:
    last = time.monotonic()

    def tell(state: State) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            screen.print(
                Text(f"{_done(state)} of {state.found} documents · {state.chunks} chunks · {state.latest}")
            )

    return tell


def _done(state: State) -> int:
    return state.ingested + state.unchanged + state.failed


def told(problem: DocumentProblem) -> Problem:
    """What the data plane says of a document or a path, as the command line tells it."""
    return Problem(problem.where, problem.given, problem.rule, problem.fix)


def summary(report: Report, screen: Console) -> None:
    for problem in report.failed:
        line = failure.line(told(problem), colour=screen.is_terminal and not screen.no_color)
        screen.print(Text.from_ansi(line), soft_wrap=True)
    for note in report.notes:
        screen.print(Text(f"Note: {note}"), soft_wrap=True)
    said = [f"{report.ingested} documents ingested, {report.chunks} chunks, in {report.seconds:.1f} s"]
    if report.ingested:
        rates = f"{report.documents_per_second:.1f} documents/s, {chunks_per_second(report):.1f} chunks/s"
        said.append(rates)
    if report.unchanged:
        said.append(f"{report.unchanged} known already")
    if report.failed:
        said.append(f"{len(report.failed)} failed")
    screen.print(Text(" · ".join(said)))
    if report.stopped is not None:
        screen.print(Text(f"Ended early: {report.stopped}. The next run takes the rest.", style="yellow"))
    if report.in_background:
        screen.print(Text(f"{report.in_background} accepted documents go on in the background."))


def chunks_per_second(report: Report) -> float:
    return report.chunks / report.seconds if report.seconds else 0.0


def document(report: Report) -> dict[str, Any]:
    """For programs: fields may be added, never renamed."""
    return asdict(report) | {
        "documents_per_second": round(report.documents_per_second, 2),
        "chunks_per_second": round(chunks_per_second(report), 2),
    }
