"""The uploading side: paths → raw objects and requests, then the wait until each document is through.

`ingest` is what the command line calls; `accept` takes one document that is in memory, as an upload over HTTP.
"""

import asyncio
import io
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.contract import Bucket, IngestRequested, Metadata, Subject, document_id
from pipeline.detect import detect
from pipeline.ending import end
from pipeline.errors import Malformed, Unavailable
from pipeline.follow import FOLLOWED, Completions, Following, Progress, patiently
from pipeline.intake import MIB, Candidate, inspect, unreadable
from pipeline.ports import EventBus, EventFeed, ObjectStore, VectorStore
from pipeline.problem import Problem, shown
from pipeline.walk import Walk

BATCH = 32
"""Files looked at together: one question to the vector store for all of them."""

BATCH_BYTES = 64 * MIB
"""Bytes hashed before the progress bar hears of it: a tenth of a second to half a second of reading."""


@dataclass(frozen=True, slots=True)
class Doors:
    """What the uploading side needs of the platform, where it can reach the stores themselves."""

    objects: ObjectStore
    bus: EventBus
    feed: EventFeed
    vectors: VectorStore

    async def completed(self, doc_ids: Sequence[str]) -> set[str]:
        return await self.vectors.completed(doc_ids)

    async def take(self, candidate: Candidate, raw: bytes, run: str) -> None:
        await _store(self, candidate.doc_id, raw)
        request = IngestRequested(
            doc_id=candidate.doc_id, source_uri=candidate.source_uri, metadata=candidate.metadata
        )
        await _request(self, request, run)

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[str, bytes]]]:
        return self.feed.follow(*FOLLOWED)


class Uploads(Completions, Protocol):
    """Where documents go, and what is heard of them: the stores themselves, or an API before them."""

    async def take(self, candidate: Candidate, raw: bytes, run: str) -> None:
        """Accepted when it returns; again within the same `run`, it counts once. Raises Malformed, Unavailable."""
        ...

    def events(self) -> AbstractAsyncContextManager[AsyncIterator[tuple[str, bytes]]]:
        """(subject, body) of what FOLLOWED names, from the moment of entering on."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the documents; `seconds` is wall time.

    `stopped` says in one line why the run ended early; `in_background` documents are accepted and go on.
    """

    ingested: int
    unchanged: int
    failed: tuple[Problem, ...]
    notes: tuple[str, ...]
    seconds: float
    chunks: int
    in_background: int = 0
    stopped: str | None = None

    @property
    def documents_per_second(self) -> float:
        return self.ingested / self.seconds

    @property
    def ok(self) -> bool:
        return not self.failed and self.stopped is None


async def ingest(
    paths: Sequence[Path],
    uploads: Uploads,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: asyncio.Event | None = None,
    max_mib: int = 100,
) -> Report:
    """Take every document below `paths` through the pipeline and wait for the last one.

    Setting `stop` (on Ctrl-C) ends the wait: what was accepted goes on in the background. A bad document
    becomes a Problem of the report and the rest goes on; a full disk or a service that stays away ends the
    run, which the report says. Nothing that was accepted is lost, and the next run takes the rest.
    """
    started = time.monotonic()
    walk = Walk(paths)
    halted = asyncio.create_task((stop or asyncio.Event()).wait())
    reason: str | None = None
    following = Following(uploads, progress)
    run = _Run(uploads, following, max_mib)
    try:
        async with AsyncExitStack() as feed:
            # A server that is started anew just now has lost our first question.
            events = await patiently(lambda: feed.enter_async_context(uploads.events()))
            listening = asyncio.create_task(following.listen(events))
            working = asyncio.create_task(run.take(walk))
            tasks = {listening, working, halted}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await end(tasks)
            if working not in done:
                reason = "stopped on request"
    except Unavailable as error:
        reason = str(error)
    finally:
        halted.cancel()
    state = following.state
    return Report(
        ingested=state.ingested,
        unchanged=state.unchanged,
        failed=tuple(following.problems),
        notes=(*walk.notes, *run.notes),
        seconds=time.monotonic() - started,
        chunks=state.chunks,
        in_background=len(following.pending),
        stopped=reason,
    )


async def accept(
    raw: bytes, filename: str, source_uri: str, doors: Doors, *, max_mib: int = 100
) -> tuple[str, bool]:
    """Take one document that is in memory; returns (doc_id, whether it was known and is left alone).

    Raises Malformed when it cannot be taken, Unavailable when a service does not answer.
    """
    if not raw:
        raise Malformed(filename, "it is empty")
    if len(raw) > max_mib * MIB:
        raise Malformed(filename, f"it has {len(raw) / MIB:.0f} MiB; documents have at most {max_mib} MiB")
    found = detect(io.BytesIO(raw), filename)
    doc_id = document_id(raw)
    if await doors.vectors.completed([doc_id]):
        return doc_id, True
    metadata = Metadata(filename=filename, media_type=found.media_type, size=len(raw), note=found.note)
    await _store(doors, doc_id, raw)
    await _request(
        doors, IngestRequested(doc_id=doc_id, source_uri=source_uri, metadata=metadata), uuid.uuid4().hex
    )
    return doc_id, False


async def _store(doors: Doors, doc_id: str, raw: bytes) -> None:
    if not await doors.objects.exists(Bucket.RAW, doc_id):
        await doors.objects.put(Bucket.RAW, doc_id, raw)


async def _request(doors: Doors, request: IngestRequested, run: str) -> None:
    # The run is part of the key: a request that is repeated after a doubtful answer counts once, while a
    # document that failed a minute ago can be asked for again.
    body = request.model_dump_json().encode()
    await doors.bus.publish(Subject.INGEST_REQUESTED, body, dedupe=f"{request.doc_id}:{run}")


class _Run:
    """The uploads of one run: looks at files batch by batch, uploads one at a time, never floods the stream."""

    def __init__(self, uploads: Uploads, following: Following, max_mib: int) -> None:
        self._uploads = uploads
        self._following = following
        self._max_mib = max_mib
        self._names: dict[str, str] = {}
        self._run = uuid.uuid4().hex
        self.notes: list[str] = []

    async def take(self, walk: Walk) -> None:
        entries = iter(walk)
        while batch := await asyncio.to_thread(self._look, entries):
            fresh = [self._once(entry) for entry in batch]
            candidates = [candidate for candidate in fresh if candidate]
            ids = [candidate.doc_id for candidate in candidates]
            known = await patiently(partial(self._uploads.completed, ids))
            for candidate in candidates:
                if candidate.doc_id in known:
                    self._following.unchanged()
                else:
                    await self._following.room()
                    await self._upload(candidate)
        await self._following.finish()

    def _look(self, entries: Iterator[Path | Problem]) -> list[Candidate | Problem]:
        batch: list[Candidate | Problem] = []
        size = 0
        for entry in entries:
            looked = entry if isinstance(entry, Problem) else inspect(entry, self._max_mib)
            batch.append(looked)
            size += looked.metadata.size if isinstance(looked, Candidate) else 0
            if len(batch) >= BATCH or size >= BATCH_BYTES:
                break
        return batch

    def _once(self, entry: Candidate | Problem) -> Candidate | None:
        self._following.found()
        if isinstance(entry, Problem):
            self._following.failed(entry)
            return None
        name = shown(entry.path)
        first = self._names.setdefault(entry.doc_id, name)
        if first != name:
            self.notes.append(f"{name} has the same content as {first}: one document")
            self._following.unchanged()
            return None
        if entry.metadata.note:
            self.notes.append(f"{name}: {entry.metadata.note}")
        return entry

    async def _upload(self, candidate: Candidate) -> None:
        name = shown(candidate.path)
        try:
            raw = await asyncio.to_thread(candidate.path.read_bytes)
        except OSError as error:
            self._following.failed(Problem(name, (error.strerror or str(error)).lower(), "", "try again"))
            return
        if document_id(raw) != candidate.doc_id:
            self._following.failed(
                Problem(name, "it changed while it was read", "a document is taken as it is", "try again")
            )
            return
        try:
            with self._following.expecting(candidate.doc_id, name):
                await patiently(lambda: self._uploads.take(candidate, raw, self._run))
        except Malformed as error:
            self._following.failed(unreadable(name, error))
