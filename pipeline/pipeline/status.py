"""What waits in the streams and what the stores hold: the pipeline's part of `status`."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from pydantic import BaseModel, ConfigDict

from pipeline.contract import STREAMS, Subject
from pipeline.errors import PipelineError, Unavailable
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


async def status(js: JetStreamContext | None, vectors: VectorStore, graph: GraphStore) -> Status:
    """Ask everything at once; what does not answer within PATIENCE is missing and named in `problems`.

    `js` is None where NATS could not even be connected to.
    """
    problems: list[str] = []
    streams, dead, rows, triples = await asyncio.gather(
        _asked(_streams(js), "nats", problems),
        _asked(_dead_letters(js), "nats", problems),
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
        async with asyncio.timeout(PATIENCE):
            return await work
    except TimeoutError:
        problems.append(f"{where}: no answer within {PATIENCE:g} s")
    except PipelineError as error:
        problems.append(str(error))
    return None


async def _streams(js: JetStreamContext | None) -> tuple[StreamStatus, ...]:
    return tuple(await asyncio.gather(*(_stream(js, stream.name) for stream in STREAMS)))


async def _stream(js: JetStreamContext | None, name: str) -> StreamStatus:
    with _answering(name):
        info, consumers = await asyncio.gather(_present(js).stream_info(name), _present(js).consumers_info(name))
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
        ),
    )


async def _dead_letters(js: JetStreamContext | None) -> int:
    """Of the stream DEAD, without its alerts."""
    with _answering("DEAD"):
        info = await _present(js).stream_info("DEAD", subjects_filter=f"{Subject.DEAD}.>")
    return sum((info.state.subjects or {}).values())


def _present(js: JetStreamContext | None) -> JetStreamContext:
    if js is None:
        raise Unavailable("nats", "no connection")
    return js


@contextmanager
def _answering(stream: str) -> Iterator[None]:
    try:
        yield
    except nats.js.errors.NotFoundError as error:
        raise Unavailable("nats", f"no stream {stream}: the bootstrap has not run") from error
    except nats.errors.Error as error:
        raise Unavailable("nats", str(error) or type(error).__name__) from error
