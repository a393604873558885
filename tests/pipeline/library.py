"""A small library that was really read, cut, embedded and stored, without the event bus in between."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import tokens
from pipeline.adapters.docling import DoclingExtractor
from pipeline.adapters.embedder import Embeddings
from pipeline.adapters.vectors import Vectors
from pipeline.chunker import Chunker
from pipeline.contract import Extracted
from pipeline.intake import Candidate, inspect
from pipeline.settings import Settings
from servers import answers, free_port, until


@contextmanager
def embedding_server(folder: Path) -> Iterator[str]:
    """The built-in embedder as its own process; yields its address."""
    port = free_port()
    command = [sys.executable, "-m", "embedder", "--port", str(port), "--threads", "2"]
    with (folder / "embedder.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{url}/health"), f"embedder at {url}; see {folder / 'embedder.log'}")
            yield url
        finally:
            process.terminate()


def read(paths: Iterable[Path]) -> list[Extracted]:
    """The documents' text, as the extract stage leaves it."""
    extractor = DoclingExtractor()
    try:
        found = [inspect(path, max_mib=100) for path in paths]
        return [
            extractor.extract(one.doc_id, one.source_uri, one.metadata, one.path.read_bytes())
            for one in found
            if isinstance(one, Candidate)
        ]
    finally:
        extractor.close()


def shelve(settings: Settings, documents: Iterable[Extracted]) -> int:
    """Into Postgres; returns the number of chunks."""
    return asyncio.run(_shelve(settings, documents))


async def _shelve(settings: Settings, documents: Iterable[Extracted]) -> int:
    chunker = Chunker(tokens.load(settings.tokenizer), settings.chunk_tokens, settings.chunk_overlap)
    vectors, embedder = Vectors(settings), Embeddings(settings)
    count = 0
    try:
        await vectors.create()
        for document in documents:
            chunks = chunker.cut(document.doc_id, document.blocks)
            made = await embedder.embed([chunk.text for chunk in chunks])
            by_id = {chunk.chunk_id: vector for chunk, vector in zip(chunks, made, strict=True)}
            await vectors.store(document, chunks, by_id)
            await vectors.mark_complete(document.doc_id)
            count += len(chunks)
    finally:
        await vectors.close()
        await embedder.close()
    return count


def nobody() -> str:
    """An address at which nothing listens while the test runs: the port is bound, but takes no connection."""
    probe = socket.socket()
    probe.bind(("127.0.0.1", 0))
    _HELD.append(probe)
    return f"http://127.0.0.1:{probe.getsockname()[1]}"


_HELD: list[socket.socket] = []
