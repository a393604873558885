"""A task that has lost its cancellation is cancelled again."""

import asyncio
from contextlib import suppress

from pipeline.ending import end


async def test_a_task_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    begun = asyncio.Event()

    async def deaf_once() -> None:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    task = asyncio.create_task(deaf_once())
    await begun.wait()
    async with asyncio.timeout(5):
        await end({task})
    assert task.cancelled()


async def test_what_has_ended_already_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(0, result=5))
    await task
    await end({task})
    assert task.result() == 5
