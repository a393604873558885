"""A stand-in for the four stages: over a real bus it ends each request in one step, well or badly."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from pipeline.adapters.bus import Bus
from pipeline.adapters.feed import Feed
from pipeline.adapters.objects import Objects
from pipeline.adapters.vectors import Vectors
from pipeline.bootstrap import bootstrap
from pipeline.contract import DeadLetter, EmbedCompleted, Extracted, IngestRequested, KgCompleted, Subject
from pipeline.ending import end
from pipeline.ingest import Doors
from pipeline.settings import Settings


class Stages:
    """Takes requests from the stream and ends each in one step; `fates` are by file name."""

    def __init__(self, bus: Bus, vectors: Vectors) -> None:
        self._bus = bus
        self._vectors = vectors
        self.seen: list[IngestRequested] = []
        self.fates: dict[str, Callable[[IngestRequested], tuple[str, bytes]]] = {}
        self.open = asyncio.Event()
        self.open.set()

    async def serve(self) -> None:
        subscription = await self._bus.jetstream.pull_subscribe_bind("extract", "INGEST")
        while True:
            try:
                [message] = await subscription.fetch(1, timeout=1)
            except TimeoutError:
                continue
            request = IngestRequested.model_validate_json(message.data)
            self.seen.append(request)
            await self.open.wait()
            fate = self.fates.get(request.metadata.filename)
            if fate:
                await self._bus.publish(*fate(request))
            else:
                await self._complete(request)
            await message.ack()

    async def _complete(self, request: IngestRequested) -> None:
        doc_id = request.doc_id
        document = Extracted(**request.model_dump(), title="t", pages=None, blocks=())
        await self._vectors.store(document, [], {})
        await self._vectors.mark_complete(doc_id)
        embedded = EmbedCompleted(doc_id=doc_id, garage_key="k", chunks=3)
        await self._bus.publish(Subject.EMBED_COMPLETED, embedded.model_dump_json().encode())
        completed = KgCompleted(doc_id=doc_id, triples_count=5)
        await self._bus.publish(Subject.KG_COMPLETED, completed.model_dump_json().encode())


def died(reason: str) -> Callable[[IngestRequested], tuple[str, bytes]]:
    def fate(request: IngestRequested) -> tuple[str, bytes]:
        letter = DeadLetter(
            stage="extract",
            doc_id=request.doc_id,
            reason=reason,
            subject=Subject.INGEST_REQUESTED,
            payload="{}",
            deliveries=1,
            failed_at="2026-01-01T00:00:00Z",
        )
        return f"{Subject.DEAD}.extract", letter.model_dump_json().encode()

    return fate


@asynccontextmanager
async def platform(settings: Settings) -> AsyncIterator[tuple[Doors, Stages]]:
    await bootstrap(settings)
    bus, vectors = await Bus.connect(settings, "test"), Vectors(settings)
    stages = Stages(bus, vectors)
    serving = asyncio.create_task(stages.serve())
    try:
        yield Doors(Objects(settings), bus, Feed(bus), vectors), stages
    finally:
        await end({serving})
        await vectors.close()
        await bus.close()
