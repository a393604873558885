"""Ending tasks for certain."""

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN = 0.5
"""Seconds until a task that goes on is cancelled again."""


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until every task has ended.

    Once is not enough: until Python 3.12 `asyncio.wait_for`, under every fetch of the event bus, loses a
    cancellation that arrives together with its result, and the task goes on as if nothing had been said.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        ended, left = await asyncio.wait(left, timeout=AGAIN)
        for task in ended:
            if not task.cancelled():
                task.exception()  # looked at: what it says comes too late for anybody
