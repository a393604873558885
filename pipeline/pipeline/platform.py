"""The platform as a person's commands use it, on whichever side of its API they stand."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from pipeline import parts
from pipeline.answer import Answer
from pipeline.ingest import Uploads
from pipeline.parts import Parts
from pipeline.settings import Settings
from pipeline.status import Status

Rows = list[dict[str, str]]


class Platform(Protocol):
    """Everything raises Unavailable, with its name, for a service that is away."""

    async def search(self, text: str, limit: int) -> Answer: ...
    async def ask(self, question: str, limit: int) -> Answer: ...
    async def sparql(self, query: str) -> Rows:
        """Raises Malformed for anything that is not read-only."""
        ...

    async def status(self) -> Status: ...
    async def uploads(self) -> Uploads: ...


Opened = AbstractAsyncContextManager[Platform]


class Direct:
    """Beside the stores: the local platform."""

    def __init__(self, opened: Parts) -> None:
        self._parts = opened

    async def search(self, text: str, limit: int) -> Answer:
        return await self._parts.query.search(text, limit)

    async def ask(self, question: str, limit: int) -> Answer:
        return await self._parts.query.ask(question, limit)

    async def sparql(self, query: str) -> Rows:
        return await self._parts.graph.select(query)

    async def status(self) -> Status:
        return await self._parts.status()

    async def uploads(self) -> Uploads:
        return await self._parts.doors()


@asynccontextmanager
async def direct(settings: Settings) -> AsyncIterator[Platform]:
    async with parts.opened(settings, "cli") as opened:
        yield Direct(opened)
