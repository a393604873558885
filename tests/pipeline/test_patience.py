"""The retry table, with the pauses recorded instead of waited for."""

import asyncio

import pytest

from pipeline.errors import Malformed, NoSpace, RateLimited, Refused, Unavailable
from pipeline.patience import Patience, Stopped
from pipeline.routes import ROUTES

AWAY = Unavailable("embedding model", "connection refused")
THROTTLED = RateLimited("embedding model", "429")


class Recorded:
    """Work that fails with each of `failures` in turn and then says "done"."""

    def __init__(self, stage: str, *failures: Exception) -> None:
        self._failures = list(failures)
        self.pauses: list[float] = []
        self.alerts: list[str] = []
        self.patience = Patience(ROUTES[stage], asyncio.Event(), self._alert, self._pause)

    async def _alert(self, reason: str) -> None:
        self.alerts.append(reason)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def _work(self) -> str:
        if self._failures:
            raise self._failures.pop(0)
        return "done"

    async def run(self) -> str:
        return await self.patience.through(self._work)


async def test_a_model_that_is_away_is_tried_after_1_5_30_and_then_every_30_seconds() -> None:
    recorded = Recorded("embed", *[AWAY] * 6)
    assert await recorded.run() == "done"
    assert recorded.pauses == [1, 5, 30, 30, 30, 30]
    assert recorded.alerts == []


async def test_after_five_times_429_the_circuit_opens_for_a_minute() -> None:
    recorded = Recorded("embed", *[THROTTLED] * 7)
    await recorded.run()
    assert recorded.pauses == [1, 2, 4, 8, 60, 60, 60]


async def test_a_service_that_names_its_own_delay_gets_it_up_to_a_minute() -> None:
    recorded = Recorded("embed", RateLimited("m", "429", 7.0), RateLimited("m", "429", 3600.0))
    await recorded.run()
    assert recorded.pauses == [7, 60]


async def test_the_count_begins_anew_when_another_thing_fails() -> None:
    recorded = Recorded("embed", AWAY, AWAY, THROTTLED, AWAY)
    await recorded.run()
    assert recorded.pauses == [1, 5, 1, 1]


async def test_a_refused_key_alerts_once_after_the_third_delay() -> None:
    recorded = Recorded("embed", *[Refused("embedding model", "401")] * 6)
    await recorded.run()
    assert recorded.pauses == [1, 5, 30, 30, 30, 30]
    assert recorded.alerts == ["embedding model: 401"]


async def test_a_full_disk_alerts_at_every_try_since_whoever_came_later_waits_too() -> None:
    recorded = Recorded("extract", *[NoSpace("objects", "no space left on device")] * 4)
    await recorded.run()
    assert recorded.pauses == [1, 5, 10, 10]
    assert recorded.alerts == ["objects: no space left on device"] * 4


async def test_oxigraph_is_tried_five_times_more_every_five_seconds() -> None:
    recorded = Recorded("graph", *[Unavailable("oxigraph", "away")] * 6)
    with pytest.raises(Unavailable):
        await recorded.run()
    assert recorded.pauses == [5, 5, 5, 5, 5]


async def test_a_document_that_is_too_heavy_lets_others_go_first_after_30_60_and_120_seconds() -> None:
    error = Unavailable("extracting scan.pdf", "out of memory")
    recorded = Recorded("extract", error)
    with pytest.raises(Unavailable):
        await recorded.run()
    assert recorded.pauses == []
    retry = recorded.patience.retry(error)
    assert [retry.delay(deliveries) for deliveries in (1, 2, 3, 4)] == [30, 60, 120, None]


async def test_an_object_store_that_is_away_holds_the_queue_of_extract_too() -> None:
    recorded = Recorded("extract", Unavailable("objects", "connection refused"))
    assert await recorded.run() == "done"
    assert recorded.pauses == [1]


async def test_what_is_malformed_is_not_tried_again() -> None:
    recorded = Recorded("embed", Malformed("x", "nonsense"))
    with pytest.raises(Malformed):
        await recorded.run()
    assert recorded.pauses == []


async def test_a_worker_that_shall_end_does_not_wait() -> None:
    stop = asyncio.Event()
    stop.set()

    async def fail() -> None:
        raise AWAY

    async def alert(reason: str) -> None:
        raise AssertionError(reason)

    with pytest.raises(Stopped):
        await Patience(ROUTES["embed"], stop, alert).through(fail)
