"""The platform as a person's commands use it, on whichever side of its API they stand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from pipeline import forget, parts
from pipeline.answer import Answer
from pipeline.dead_letter_queue import DeadLetterQueue, Listed, Shown
from pipeline.errors import Malformed
from pipeline.forget import Forgotten, Known
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
    async def known(self, start: str) -> list[Known]:
        """The documents whose ids begin with `start`, which is a Prefix."""
        ...

    async def forget(self, doc_id: str) -> Forgotten: ...
    async def dead_letters(self) -> list[Listed]:
        """All of them, oldest first."""
        ...

    async def dead_letter(self, number: int) -> Shown:
        """Raises Malformed where there is none, as `replay` and `purge` do."""
        ...

    async def replay(self, number: int) -> None: ...
    async def purge(self, number: int) -> None: ...


async def every_page(page: Callable[[int], Awaitable[list[Listed]]]) -> list[Listed]:
    """Of the dead letters; `page` gives those that follow a number."""
    found: list[Listed] = []
    while some := await page(found[-1].number if found else 0):
        found += some
    return found


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

    async def known(self, start: str) -> list[Known]:
        return await forget.known(start, self._parts)

    async def forget(self, doc_id: str) -> Forgotten:
        return await forget.forget(doc_id, self._parts)

    async def dead_letters(self) -> list[Listed]:
        return await every_page((await self._queue()).page)

    async def dead_letter(self, number: int) -> Shown:
        letter = await (await self._queue()).show(number)
        if letter is None:
            raise _no_such(number)
        return letter

    async def replay(self, number: int) -> None:
        if not await (await self._queue()).replay(number):
            raise _no_such(number)

    async def purge(self, number: int) -> None:
        if not await (await self._queue()).purge(number):
            raise _no_such(number)

    async def _queue(self) -> DeadLetterQueue:
        return DeadLetterQueue(await self._parts.bus(), self._parts.objects)


def _no_such(number: int) -> Malformed:
    return Malformed(f"dead letter {number}", "there is none of this number")


@asynccontextmanager
async def direct(settings: Settings) -> AsyncIterator[Platform]:
    async with parts.opened(settings, "cli") as opened:
        yield Direct(opened)
