"""What phase 2 promises: a PDF becomes artifacts, vectors and triples, and can be found by what it says."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pipeline.checks.pdf import pdf
from pipeline.contract import document_id, graph_name
from pipeline.errors import Misconfigured, Unavailable
from pipeline.forget import forget
from pipeline.ingest import Report, ingest
from pipeline.parts import Parts
from pipeline.settings import Settings

WORD = "quixotry-of-the-platform-check"
"""In no document that a person keeps."""

LINES = (
    "Check of the platform",
    f"This page is written by the platform itself, to see that documents get through: {WORD}.",
    "The cellar pump of this page draws 42 watts and stands beside the heat exchanger.",
)

RAW = pdf(LINES)

QUESTION = f"How many watts does the cellar pump draw? {WORD}"


async def document(settings: Settings, parts: Parts) -> str:
    """The whole chain, with the same page each time."""
    async with page(parts) as report:
        count = f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph_name(document_id(RAW))}> {{ ?s ?p ?o }} }}"
        [row] = await parts.graph.select(count)
        if row["n"] == "0":
            raise Misconfigured("oxigraph", "the page went through and left no triple")
        found = (await parts.query.search(QUESTION)).passages
        if not any(WORD in passage.text and passage.page == 1 for passage in found):
            raise Misconfigured("query", "the page went through and its words are not found")
    return f"a PDF in {report.seconds:.1f} s: {report.chunks} chunks, {row['n']} triples, found on page 1"


@asynccontextmanager
async def page(parts: Parts) -> AsyncIterator[Report]:
    """While it lasts the page is there to be found; before and after it is forgotten.

    Raises Unavailable or Misconfigured when it does not get through.
    """
    doc_id = document_id(RAW)
    await forget(doc_id, parts)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "check.pdf"
            path.write_bytes(RAW)
            report = await ingest([path], await parts.doors())
        if report.stopped:
            raise Unavailable("pipeline", report.stopped)
        if report.failed:
            raise Misconfigured("pipeline", str(report.failed[0]))
        yield report
    finally:
        await forget(doc_id, parts)
