"""Listening to the streams, for whoever waits for a document: no worker loses a message by it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from pipeline.adapters.bus import WHERE, Bus, named
from pipeline.contract import STREAMS, Subject
from pipeline.ending import end
from pipeline.errors import Unavailable

POLL = 2.0
"""Seconds that one request for a message waits at the server; a restart is noticed after it at the latest."""

AWAY = 60.0
"""Seconds that the server may be away until whoever listens hears of it."""

WAIT = 0.5
"""Seconds between two tries while it is away."""

IDLE = 60.0
"""Seconds after which the server forgets a reader that does not ask any more."""

Event = tuple[str, bytes]


class Feed:
    """The EventFeed port: readers that no worker knows of, each remembering how far it has read."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    @asynccontextmanager
    async def follow(self, *subjects: str) -> AsyncIterator[AsyncIterator[Event]]:
        """Everything published on `subjects` from now on, also across a restart of the server.

        Alerts are heard as they are spoken as well, so most come twice: one that tells of a full disk may
        find no room in its stream. That a document was forgotten is only heard: a stream of work lets nobody
        read beside its workers. Raises Unavailable when it cannot begin, or, from the iterator, when the
        server stays away.
        """
        starts = {}
        stored = [subject for subject in subjects if not subject.startswith(f"{Subject.FORGOTTEN}.")]
        for stream, wanted in _by_stream(stored).items():
            with named():
                info = await self._bus.jetstream.stream_info(stream)
            starts[stream] = (wanted, info.state.last_seq + 1)
        events: asyncio.Queue[Event] = asyncio.Queue(maxsize=256)
        readers = {
            asyncio.create_task(self._read(stream, wanted, start, events))
            for stream, (wanted, start) in starts.items()
        }
        try:
            async with self._heard(subjects, events):
                yield _iterate(events, readers)
        finally:
            await end(readers)

    @asynccontextmanager
    async def _heard(self, subjects: Sequence[str], events: asyncio.Queue[Event]) -> AsyncIterator[None]:
        """Alerts, and marks of forgotten documents, as they are spoken."""

        async def hear(message: Msg) -> None:
            await events.put((message.subject, message.data))

        spoken = (f"{Subject.ALERT}.", f"{Subject.FORGOTTEN}.")
        heard = [subject for subject in subjects if subject.startswith(spoken)]
        with named():
            subscriptions = [await self._bus.client.subscribe(subject, cb=hear) for subject in heard]
        try:
            yield
        finally:
            for subscription in subscriptions if not self._bus.client.is_closed else ():
                await subscription.unsubscribe()

    async def _read(self, stream: str, subjects: Sequence[str], start: int, events: asyncio.Queue[Event]) -> None:
        loop = asyncio.get_running_loop()
        seen = loop.time()
        while True:
            try:
                async for message in self._messages(stream, subjects, start):
                    seen = loop.time()
                    if message is not None:
                        await events.put((message.subject, message.data))
                        start = message.metadata.sequence.stream + 1
            except Unavailable:
                if loop.time() - seen > AWAY:
                    raise
                await asyncio.sleep(WAIT)

    async def _messages(self, stream: str, subjects: Sequence[str], start: int) -> AsyncIterator[Msg | None]:
        """From sequence number `start` on; None for each POLL without one. Ends when the connection was lost."""
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            filter_subjects=list(subjects),
            ack_policy=AckPolicy.NONE,
            inactive_threshold=IDLE,
            mem_storage=True,
        )
        connection = self._bus.client.stats["reconnects"]
        with named():
            consumer = await self._bus.jetstream.add_consumer(stream, config)
            reader = await self._bus.jetstream.pull_subscribe_bind(consumer.name, stream)
        try:
            while self._bus.client.stats["reconnects"] == connection:
                try:
                    with named():
                        [message] = await reader.fetch(1, timeout=POLL)
                    yield message
                except Unavailable as error:
                    if not isinstance(error.__cause__, nats.errors.TimeoutError):
                        raise
                    if not self._bus.client.is_connected:
                        raise Unavailable(WHERE, "connection lost") from error
                    yield None
        finally:
            if not self._bus.client.is_closed:
                await reader.unsubscribe()


async def _iterate(events: asyncio.Queue[Event], readers: set[asyncio.Task[None]]) -> AsyncIterator[Event]:
    while True:
        event = asyncio.create_task(events.get())
        try:
            done, _ = await asyncio.wait({event, *readers}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            event.cancel()
            raise
        if event in done:
            yield event.result()
            continue
        event.cancel()
        for reader in done:
            await reader  # raises what ended it


def _by_stream(subjects: Sequence[str]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for subject in subjects:
        family = subject.split(".")[0]
        name = next(s.name for s in STREAMS if any(p.split(".")[0] == family for p in s.subjects))
        wanted.setdefault(name, []).append(subject)
    return wanted
