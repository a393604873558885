"""Dead letters over HTTP."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query

from pipeline import problem_json
from pipeline.dead_letter_queue import PAGE, DeadLetterQueue, Listed, Shown
from pipeline.opened import Opened

Number = Annotated[int, Path(ge=1, le=2**63 - 1, description="of the letter, as listed")]

router = APIRouter(prefix="/v1/dead-letters", responses=problem_json.RESPONSES, tags=["dead letters"])


async def _queue(opened: Opened) -> DeadLetterQueue:
    return DeadLetterQueue(await opened.bus(), opened.objects)


def _no_such(number: int) -> HTTPException:
    return HTTPException(404, f"there is no dead letter {number}")


@router.get("")
async def listed(
    opened: Opened,
    after: Annotated[int, Query(ge=0, description="the last number of the page before")] = 0,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = PAGE,
) -> list[Listed]:
    """The messages that no retry helps, oldest first."""
    return await (await _queue(opened)).page(after, limit)


@router.get("/{number}")
async def shown(number: Number, opened: Opened) -> Shown:
    """One of them with its message."""
    letter = await (await _queue(opened)).show(number)
    if letter is None:
        raise _no_such(number)
    return letter


@router.post("/{number}/replay", status_code=204)
async def replay(number: Number, opened: Opened) -> None:
    """Give its message to the stage again; the letter goes once that is stored."""
    if not await (await _queue(opened)).replay(number):
        raise _no_such(number)


@router.delete("/{number}", status_code=204)
async def purge(number: Number, opened: Opened) -> None:
    """Throw it away, with its message."""
    if not await (await _queue(opened)).purge(number):
        raise _no_such(number)
