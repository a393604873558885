"""`homelab ingest`, `search`, `ask`, `sparql` and `status`: the data plane, on whichever platform is up."""

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
    from pipeline.platform import Platform

T = TypeVar("T")

INTERRUPTED = 130  # 128 + SIGINT, as shells count

LONGEST = 2000
"""Characters of a question; the API has the same limit."""

SHOWN = 3
"""Passages below an answer, besides those it cites; `search` and `--json` show all."""

Limit = Annotated[int, typer.Option(min=1, max=50, metavar="N", help="passages at most")]
Words = Annotated[list[str], typer.Argument(metavar="TEXT", help="one text, quoted or not")]


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="files and folders")],
    on: running.On = None,
    as_json: Json = False,
) -> None:
    """Put documents in and wait until they can be found.

    Folders are taken with everything below them. What was ingested before is left alone; what cannot be read is
    named in a line, and the rest goes on. Ctrl-C ends the wait: accepted documents go on by themselves.

    Examples:
      homelab ingest ~/Documents
      homelab ingest report.pdf notes/ --json
    """
    with running.platform(on) as platform:
        from homelab.cli import ingesting

        screen = console()
        with ingesting.shown_progress(screen, quiet=as_json) as tell:
            report, interrupted = over(platform, lambda opened: take(paths, opened, platform.max_mib, tell))
    if as_json:
        print_json(ingesting.document(report))
    else:
        ingesting.summary(report, screen)
    if interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.ok:
        raise typer.Exit(1)


def search(text: Words, limit: Limit = 8, on: running.On = None, as_json: Json = False) -> None:
    """Show the passages nearest to TEXT, by meaning and by words.

    Examples:
      homelab search message retention
      homelab search 'message retention' --limit 3 --json
    """
    words = _joined(text)
    with running.platform(on) as platform:
        _show(over(platform, lambda opened: opened.search(words, limit)), as_json)


def ask(text: Words, limit: Limit = 8, on: running.On = None, as_json: Json = False) -> None:
    """Answer a question from the documents, with citations.

    Without a configured chat model the best sentences are quoted instead of an answer being written.

    Examples:
      homelab ask 'How long are messages kept?'
      homelab ask 'How long are messages kept?' --json
    """
    question = _joined(text)
    with running.platform(on) as platform:
        _show(over(platform, lambda opened: opened.ask(question, limit)), as_json, SHOWN)


def sparql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="SELECT, ASK, CONSTRUCT or DESCRIBE")],
    on: running.On = None,
    as_json: Json = False,
) -> None:
    """Ask the graph of all documents; nothing can be changed. Its words are in docs/vocabulary.md.

    Examples:
      homelab sparql 'SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g'
    """
    with running.platform(on) as platform:
        rows = over(platform, lambda opened: opened.sparql(query))
    if as_json:
        print_json(rows)
    else:
        from homelab.cli import answers

        answers.rows(rows, console())


def status(on: running.On = None, as_json: Json = False) -> None:
    """Show services, what waits in the streams, and how much is stored.

    Examples:
      homelab status
      homelab status --json
    """
    with running.platform(on) as platform:
        services = platform.usage()
        pipeline = over(platform, lambda opened: opened.status())
    from homelab.cli import state

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


def over(where: running.Running, work: "Callable[[Platform], Awaitable[T]]") -> T:
    async def opened() -> T:
        async with where.open() as platform:
            return await work(platform)

    logging.getLogger().addHandler(logging.NullHandler())  # what libraries say of a lost connection, we say
    with running.needed(where.away):
        return asyncio.run(opened())


def _show(answer: "Answer", as_json: bool, passages: int | None = None) -> None:
    from homelab.cli import answers

    if as_json:
        print_json(answer.model_dump(mode="json"))
    else:
        answers.show(answer, console(), passages=passages)


async def take(
    paths: list[Path], opened: "Platform", max_mib: int, tell: "Callable[[Progress], None]"
) -> "tuple[Report, bool]":
    """The report, and whether it was ended by Ctrl-C."""
    from pipeline.ingest import ingest as ingest_paths

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        report = await ingest_paths(paths, await opened.uploads(), progress=tell, stop=stop, max_mib=max_mib)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    return report, stop.is_set()
