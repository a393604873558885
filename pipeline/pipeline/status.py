"""What waits in the streams and what the stores hold: the pipeline's part of `status`."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pydantic import BaseModel, ConfigDict

from pipeline.adapters.bus import WHERE, Bus, named
from pipeline.bounded import within
from pipeline.contract import STREAMS, Subject
from pipeline.errors import Misconfigured, PipelineError, Unavailable
from pipeline.ports import GraphStore, VectorStore

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for one store to say what it holds; a person waits for the slowest only, since all are asked at once."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Consumer(_Part):
    """`pending` messages wait for a worker, `unacknowledged` ones are with one, `redelivered` came again."""

    name: str
    pending: int
    unacknowledged: int
    redelivered: int


class StreamStatus(_Part):
    name: str
    messages: int
    bytes: int
    max_bytes: int
    consumers: tuple[Consumer, ...]


class Counts(_Part):
    """None where the store that would know does not answer; `Status.problems` says which."""

    documents: int | None = None
    chunks: int | None = None
    embeddings: int | None = None
    triples: int | None = None
    dead_letters: int | None = None


class Status(_Part):
    streams: tuple[StreamStatus, ...]
    counts: Counts
    problems: tuple[str, ...] = ()


async def status(bus: Bus | PipelineError, vectors: VectorStore, graph: GraphStore) -> Status:
    """Ask everything at once; what does not answer within PATIENCE is missing and named in `problems`.

    `bus` is the reason where NATS could not even be connected to.
    """
    problems: list[str] = []
    streams, dead, rows, triples = await asyncio.gather(
        _asked(_streams(bus), "nats", problems),
        _asked(_dead_letters(bus), "nats", problems),
        _asked(vectors.counts(), "postgres", problems),
        _asked(graph.count(), "oxigraph", problems),
    )
    rows = rows or {}
    counts = Counts(
        documents=rows.get("documents"),
        chunks=rows.get("chunks"),
        embeddings=rows.get("embeddings"),
        triples=triples,
        dead_letters=dead,
    )
    return Status(streams=streams or (), counts=counts, problems=tuple(dict.fromkeys(problems)))


async def _asked(work: Awaitable[T], where: str, problems: list[str]) -> T | None:
    try:
        return await within(PATIENCE, where, work)
    except PipelineError as error:
        problems.append(str(error))
        return None


async def _streams(bus: Bus | PipelineError) -> tuple[StreamStatus, ...]:
    return tuple(await asyncio.gather(*(_stream(_stored(bus), stream.name) for stream in STREAMS)))


async def _stream(js: JetStreamContext, name: str) -> StreamStatus:
    with _answering(name):
        info, consumers = await asyncio.gather(js.stream_info(name), js.consumers_info(name))
    return StreamStatus(
        name=name,
        messages=info.state.messages,
        bytes=info.state.bytes,
        max_bytes=info.config.max_bytes or 0,
        consumers=tuple(
            Consumer(
                name=consumer.name,
                pending=consumer.num_pending or 0,
                unacknowledged=consumer.num_ack_pending or 0,
                redelivered=consumer.num_redelivered or 0,
            )
            for consumer in sorted(consumers, key=lambda consumer: consumer.name)
            if consumer.config.durable_name  # others are readers that follow an upload
        ),
    )


async def _dead_letters(bus: Bus | PipelineError) -> int:
    """Of the stream DEAD, without its alerts."""
    js = _stored(bus)
    with _answering("DEAD"):
        info = await js.stream_info("DEAD", subjects_filter=f"{Subject.DEAD}.>")
    return sum((info.state.subjects or {}).values())


def _stored(bus: Bus | PipelineError) -> JetStreamContext:
    if isinstance(bus, PipelineError):
        raise bus
    return bus.jetstream


@contextmanager
def _answering(stream: str) -> Iterator[None]:
    try:
        with named():
            yield
    except Unavailable as error:
        if isinstance(error.__cause__, NotFoundError):
            raise Misconfigured(WHERE, f"no stream {stream}: the bootstrap has not run") from error
        raise
