"""Trying again by the table of `pipeline.routes`, while the queue waits behind the message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pipeline import traces
from pipeline.errors import NoSpace, RateLimited, Refused, Unavailable
from pipeline.log import line
from pipeline.routes import NO_SPACE, SERVICE_AWAY, THROTTLED, Retry, Route

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The worker was asked to end while it waited."""


class Patience:
    """Holds one message through the absence of a service."""

    def __init__(
        self,
        route: Route,
        stop: asyncio.Event,
        alert: Callable[[str], Awaitable[None]],
        pause: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self._route = route
        self._stop = stop
        self._alert = alert
        self._pause = pause or self._wait

    async def through(self, work: Callable[[], Awaitable[T]], doc_id: str | None = None) -> T:
        """The work's result. Raises Unavailable after the last try, or at once where others shall come first;
        Stopped when the worker shall end meanwhile; and what is no Unavailable, as it comes."""
        failures, last = 0, ""
        while True:
            try:
                return await work()
            except Unavailable as error:
                kind = f"{type(error).__name__} {error.where}"
                failures, last = (failures + 1, kind) if kind == last else (1, kind)
                delay = self._delay(error, failures)
                if delay is None:
                    raise
                _log.warning(line("waiting", doc=doc_id, tried=failures, seconds=delay, reason=error))
                traces.event(
                    "waiting", where=error.where, error=type(error).__name__, tried=failures, seconds=delay
                )
                if isinstance(error, NoSpace):
                    await self._tell(error)  # each time: whoever came later waits for this document too
                if isinstance(error, Refused) and failures == len(SERVICE_AWAY.delays) + 1:
                    await self._tell(error)
            await self._pause(delay)

    def retry(self, error: Unavailable) -> Retry:
        """The table's line for this failure."""
        if isinstance(error, RateLimited):
            return THROTTLED
        if isinstance(error, NoSpace):
            return NO_SPACE
        if isinstance(error, Refused):
            return SERVICE_AWAY
        return self._route.retries.get(error.where, self._route.retry)

    def _delay(self, error: Unavailable, failures: int) -> float | None:
        retry = self.retry(error)
        if not retry.hold:
            return None
        delay = retry.delay(failures)
        if delay is not None and isinstance(error, RateLimited) and error.retry_after:
            return max(delay, min(error.retry_after, THROTTLED.delays[-1]))
        return delay

    async def _tell(self, error: Unavailable) -> None:
        try:
            await self._alert(str(error))
        except Unavailable as second:
            _log.warning(line("alert-not-sent", reason=second))  # the log is what is left

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            return
        raise Stopped
