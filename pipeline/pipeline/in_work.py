"""What the server is told of a message that a worker has in hand."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import nats.errors
from nats.aio.msg import Msg

from pipeline.log import line
from pipeline.routes import HEARTBEAT

_log = logging.getLogger("pipeline.worker")


@asynccontextmanager
async def signs_of_life(message: Msg) -> AsyncIterator[None]:
    """Until the block ends the server is told that the message is in work."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            await tell(message.in_progress)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()


async def tell(word: Callable[[], Awaitable[Any]]) -> None:
    """Tell the server what became of the message. Where that is lost, the message is delivered again."""
    try:
        await word()
    except nats.errors.Error as error:
        _log.warning(line("not-told", reason=error or type(error).__name__))
