"""Waiting with an end: what takes too long counts as a service that does not answer."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

from pipeline.errors import Unavailable

T = TypeVar("T")


async def within(seconds: float, where: str, work: Awaitable[T]) -> T:
    """What `work` gives. Raises Unavailable, naming `where`, when that takes longer than `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise Unavailable(where, f"no answer within {seconds:g} s") from error


async def until(seconds: float, where: str, pieces: AsyncIterator[T]) -> AsyncIterator[T]:
    """The pieces that come within `seconds` from now; then raises Unavailable, naming `where`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise Unavailable(where, f"not done within {seconds:g} s") from error
        yield piece
