"""The event bus: NATS with JetStream. A message that was published is stored, or Unavailable is raised."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError

from pipeline import traces
from pipeline.errors import Malformed, NoSpace, Refused, Unavailable
from pipeline.settings import Settings

WHERE = "nats"

TIMEOUT = 5.0
"""Seconds for one request: storing a message takes milliseconds, an fsync on a busy disk one second."""

RECONNECT_WAIT = 0.2
"""Seconds between two attempts; a restarted server is back within one."""

PING_INTERVAL = 5
UNANSWERED = 2
"""Seconds between two looks at a silent connection, and looks without an answer until it counts as lost: of a
machine that lost its power nobody else tells, and the client's own 120 would be four minutes."""

FULL = frozenset({10023, 10047, 10077})
"""JetStream's error codes: insufficient resources, insufficient storage, maximum bytes of the stream reached."""

REQUEST = "Lab-Request"
"""The header that says which request led to a message."""

STORES_NOTHING = "no space left, it seems: the server answers, but its stream stores nothing"
"""All that a client can see: the server gives no answer to a message that it could not write."""

_log = logging.getLogger(__name__)


class Bus:
    """The EventBus port over one connection, which comes back by itself for as long as the process lives."""

    def __init__(self, client: Client, closed: asyncio.Event) -> None:
        self.client = client
        self.closed = closed
        """Set when the connection is gone for good: closed by us, or its server refuses us now."""
        self.jetstream: JetStreamContext = client.jetstream(timeout=TIMEOUT)

    @classmethod
    async def connect(cls, settings: Settings, name: str, patience: float = TIMEOUT) -> "Bus":
        """Connected once. Raises Unavailable when no server answers for `patience` seconds, Refused when it
        does not take our password."""
        client, closed = Client(), asyncio.Event()
        password = settings.nats_password
        last: list[Exception] = []

        async def failed(error: Exception) -> None:
            last[:] = [error]
            if client.is_connected:
                _log.warning("nats: %s", error or type(error).__name__)

        async def lost() -> None:
            if not client.is_closed:
                _log.warning("nats: connection lost, trying again")

        async def back() -> None:
            _log.info("nats: connected again")

        async def gone() -> None:
            closed.set()

        try:
            async with asyncio.timeout(patience):
                await client.connect(
                    settings.nats_url,
                    name=name,
                    user=settings.nats_user,
                    password=password.get_secret_value() if password else None,
                    connect_timeout=2,
                    reconnect_time_wait=RECONNECT_WAIT,  # type: ignore[arg-type] # it takes fractions
                    max_reconnect_attempts=-1,
                    ping_interval=PING_INTERVAL,
                    max_outstanding_pings=UNANSWERED,
                    error_cb=failed,
                    disconnected_cb=lost,
                    reconnected_cb=back,
                    closed_cb=gone,
                )
        except (TimeoutError, OSError, nats.errors.Error) as error:
            await client.close()
            cause = last[0] if last else error
            if "authorization" in str(cause).lower():
                raise Refused(WHERE, "the server refuses our user and password") from error
            raise Unavailable(WHERE, f"{settings.nats_url}: {cause or 'no answer'}") from error
        return cls(client, closed)

    async def check(self) -> None:
        if not self.client.is_connected:
            raise Unavailable(WHERE, "not connected")
        with named():
            await self.jetstream.account_info()

    async def close(self) -> None:
        if not self.client.is_closed:
            await self.client.close()

    async def publish(
        self, subject: str, body: bytes, *, dedupe: str | None = None, request: int | None = None
    ) -> None:
        """Return when the stream has stored it. Raises NoSpace when it or its disk is full, Unavailable."""
        connection = self.client.stats["reconnects"]
        headers = traces.headers()
        if dedupe:
            headers[Header.MSG_ID.value] = dedupe
        if request is not None:
            headers[REQUEST] = str(request)
        with named():
            try:
                await self.jetstream.publish(subject, body, headers=headers or None, timeout=TIMEOUT)
            except nats.errors.TimeoutError as error:
                if await self._answers() and self.client.stats["reconnects"] == connection:
                    raise NoSpace(WHERE, STORES_NOTHING) from error
                raise

    async def _answers(self) -> bool:
        try:
            await self.jetstream.account_info()
        except (nats.errors.Error, OSError, TimeoutError):
            return False
        return True


@contextmanager
def named() -> Iterator[None]:
    """The client's errors in the pipeline's words."""
    try:
        yield
    except nats.errors.MaxPayloadError as error:
        raise Malformed(WHERE, "the message is larger than the server takes") from error
    except APIError as error:
        if error.err_code in FULL:
            raise NoSpace(WHERE, f"no space left in the stream: {error.description}") from error
        raise Unavailable(WHERE, error.description or str(error)) from error
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise Unavailable(WHERE, str(error) or type(error).__name__) from error
