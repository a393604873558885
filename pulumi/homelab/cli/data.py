"""`homelab ingest`, `search`, `ask` and `status`: the data plane from the command line."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from homelab.cli import running
from homelab.cli.output import Json, console, print_json
from homelab.errors import InvalidInput, Problem

if TYPE_CHECKING:  # half a second of imports, which a refusal needs none of
    from pipeline.answer import Answer
    from pipeline.follow import Progress
    from pipeline.ingest import Report
    from pipeline.parts import Parts
    from pipeline.settings import Settings

T = TypeVar("T")

INTERRUPTED = 130  # 128 + SIGINT, as shells count

LONGEST = 2000
"""Characters of a question; the API has the same limit."""

SHOWN = 3
"""Passages below an answer, besides those it cites; `search` and `--json` show all."""

Limit = Annotated[int, typer.Option(min=1, max=50, metavar="N", help="passages at most")]
Words = Annotated[list[str], typer.Argument(metavar="TEXT", help="one text, quoted or not")]


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="files and folders")], as_json: Json = False
) -> None:
    """Put documents in and wait until they can be found.

    Folders are taken with everything below them. What was ingested before is left alone; what cannot be read is
    named in a line, and the rest goes on. Ctrl-C ends the wait: accepted documents go on by themselves.

    Examples:
      homelab ingest ~/Documents
      homelab ingest report.pdf notes/ --json
    """
    settings = running.settings()
    from homelab.cli import ingesting

    screen = console()
    with ingesting.shown_progress(screen, quiet=as_json) as tell:
        report, interrupted = over(settings, lambda opened: take(paths, opened, settings, tell))
    if as_json:
        print_json(ingesting.document(report))
    else:
        ingesting.summary(report, screen)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.ok:
        raise typer.Exit(1)


def search(text: Words, limit: Limit = 8, as_json: Json = False) -> None:
    """Show the passages nearest to TEXT, by meaning and by words.

    Examples:
      homelab search message retention
      homelab search 'message retention' --limit 3 --json
    """
    words = _joined(text)
    _show(over(running.settings(), lambda opened: opened.query.search(words, limit)), as_json)


def ask(text: Words, limit: Limit = 8, as_json: Json = False) -> None:
    """Answer a question from the documents, with citations.

    Without a configured chat model the best sentences are quoted instead of an answer being written.

    Examples:
      homelab ask 'How long are messages kept?'
      homelab ask 'How long are messages kept?' --json
    """
    question = _joined(text)
    _show(over(running.settings(), lambda opened: opened.query.ask(question, limit)), as_json, SHOWN)


def status(as_json: Json = False) -> None:
    """Show services, what waits in the streams, and how much is stored.

    Examples:
      homelab status
      homelab status --json
    """
    settings = running.settings()
    from homelab.cli import state
    from homelab.local.memory import usage

    services = usage(running.folders())
    pipeline = over(settings, lambda opened: opened.status())
    if as_json:
        print_json(state.document(services, pipeline))
    else:
        state.show(services, pipeline, console())


def _joined(text: list[str]) -> str:
    joined = " ".join(text).strip()
    if not 1 <= len(joined) <= LONGEST:
        rule = f"a question has 1 to {LONGEST} characters"
        raise InvalidInput(
            Problem("TEXT", f"{len(joined)} characters", rule, "shorten it" if joined else "write one")
        )
    return joined


def over(settings: "Settings", work: "Callable[[Parts], Awaitable[T]]") -> T:
    from pipeline import parts

    async def opened() -> T:
        async with parts.opened(settings, "cli") as platform:
            return await work(platform)

    logging.getLogger().addHandler(logging.NullHandler())  # what libraries say of a lost connection, we say
    with running.needed():
        return asyncio.run(opened())


def _show(answer: "Answer", as_json: bool, passages: int | None = None) -> None:
    from homelab.cli import answers

    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        answers.show(answer, console(), passages=passages)


async def take(
    paths: list[Path], opened: "Parts", settings: "Settings", tell: "Callable[[Progress], None]"
) -> "tuple[Report, bool]":
    """The report, and whether it was ended by Ctrl-C."""
    from pipeline.ingest import ingest as ingest_paths

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        report = await ingest_paths(
            paths, await opened.doors(), progress=tell, stop=stop, max_mib=settings.max_document_mib
        )
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    return report, stop.is_set()
