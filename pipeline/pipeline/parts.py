"""The platform as a client sees it: what questions, uploads and `status` need, opened and closed once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pipeline import void
from pipeline.adapters.bus import Bus
from pipeline.adapters.embedder import Embeddings
from pipeline.adapters.feed import Feed
from pipeline.adapters.graph import Graph
from pipeline.adapters.llm import ChatModel
from pipeline.adapters.objects import Objects
from pipeline.adapters.vectors import Vectors
from pipeline.bounded import within
from pipeline.errors import PipelineError
from pipeline.ingest import Doors
from pipeline.query import Query
from pipeline.settings import Settings
from pipeline.status import Status, status

READY = 3.0
"""Seconds: a probe asks often, and an answer that takes longer is no answer to a person either."""


class Parts:
    """`query` and `graph` for questions, `doors` for uploads. Each connects when it is first used, so that
    questions are answered while the event bus is away."""

    def __init__(self, settings: Settings, name: str, closing: AsyncExitStack) -> None:
        self._settings = settings
        self._name = name
        self._closing = closing
        self._connecting = asyncio.Lock()
        self._bus: Bus | None = None
        self.vectors = Vectors(settings)
        self.graph = Graph(settings)
        self.objects = Objects(settings)
        embedder = Embeddings(settings)
        chat = ChatModel.configured(settings)
        for part in (self.vectors, self.graph, self.objects, embedder):
            closing.push_async_callback(part.close)
        if chat is not None:
            closing.push_async_callback(chat.close)
        self.query = Query(self.vectors, embedder, self.graph, chat, forgotten=self._forgotten)

    async def bus(self) -> Bus:
        """The one connection. Raises Unavailable, Refused."""
        async with self._connecting:
            if self._bus is None or self._bus.closed.is_set():
                self._bus = await Bus.connect(self._settings, self._name)
                self._closing.push_async_callback(self._bus.close)
            return self._bus

    async def _forgotten(self) -> float:
        return await void.seconds_since_any(await self.bus())

    async def doors(self) -> Doors:
        """What an upload needs. Raises as `bus` does."""
        bus = await self.bus()
        return Doors(self.objects, bus, Feed(bus), self.vectors)

    async def status(self) -> Status:
        """Never raises for a service that is away: the answer names it."""
        try:
            bus: Bus | PipelineError = await self.bus()
        except PipelineError as error:
            bus = error
        return await status(bus, self.vectors, self.graph)

    async def ready(self) -> None:
        """Questions can be answered: the database does. Raises Unavailable, Misconfigured."""
        await within(READY, "postgres", self.vectors.completed(["0" * 64]))


@asynccontextmanager
async def opened(settings: Settings, name: str) -> AsyncIterator[Parts]:
    """The parts that `settings` name; `name` is what the event bus calls this client."""
    async with AsyncExitStack() as closing:
        yield Parts(settings, name, closing)
