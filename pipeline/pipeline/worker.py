"""The one loop: fetch a message, run the stage, publish the next message, ack. `python -m pipeline.worker STAGE`

A message is acked when the stage's effect is durable and the next message is stored, never before. A worker that
dies leaves its message to be delivered again, so every stage may run twice over the same message.
"""

import asyncio
import contextlib
import logging
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from pipeline import health, log, traces, void
from pipeline.adapters.bus import TIMEOUT, WHERE, Bus, named
from pipeline.contract import Bucket, Payload
from pipeline.dead_letters import DeadLetters, forget_letters
from pipeline.errors import Malformed, Misconfigured, PipelineError, Unavailable
from pipeline.in_work import signs_of_life, tell
from pipeline.log import line
from pipeline.patience import Patience, Stopped
from pipeline.routes import ROUTES, SERVICE_AWAY, Route
from pipeline.settings import Settings, load, problems
from pipeline.void import Void
from pipeline.wiring import Wired, wired

POLL = 1.0
"""Seconds that one request for a message waits at the server: so long may the end of an idle worker take, and
the first message after a restart of the server."""

GRACE = 5.0
"""Seconds that a message in work may still take when the worker shall end; supervisors kill after 10 or more."""

PAUSE = 0.5
"""Seconds until the server is asked again after it refused to answer."""

CONNECT_PATIENCE = 30.0
"""Seconds until a worker without any server gives up, so that whoever supervises it sees that."""

_log = logging.getLogger("pipeline.worker")


class Worker:
    """Serves one stage until `stop` is set."""

    def __init__(self, route: Route, parts: Wired, bus: Bus, stop: asyncio.Event) -> None:
        self._route = route
        self._steadfast = replace(route, retry=SERVICE_AWAY, retries={})  # for all but the stage's own work
        self._parts = parts
        self._bus = bus
        self._letters = DeadLetters(route.stage, bus, parts.objects)
        self._stop = stop

    async def serve(self) -> None:
        """Raises Misconfigured, and Unavailable when the server has closed the connection for good."""
        subscription, connection = None, -1
        while not self._stop.is_set():
            if self._bus.closed.is_set():
                raise Unavailable(WHERE, "the server closed the connection")
            try:
                if subscription is None or connection != self._bus.client.stats["reconnects"]:
                    connection = self._bus.client.stats["reconnects"]
                    subscription = await self._bind()
                message = await _next(subscription)
            except Unavailable as error:
                _log.warning(line("waiting", reason=error))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), PAUSE)
                subscription = None
                continue
            if message is not None:
                await self._take(message)

    async def _bind(self) -> JetStreamContext.PullSubscription:
        stage, stream = self._route.stage, self._route.stream
        with named():
            try:
                await self._bus.jetstream.consumer_info(stream, stage)
            except NotFoundError as error:
                raise Misconfigured(
                    WHERE, f"stream {stream} has no consumer {stage}; run python -m pipeline.bootstrap"
                ) from error
            return await self._bus.jetstream.pull_subscribe_bind(stage, stream)

    async def _take(self, message: Msg) -> None:
        """One message to its end, as a span of its document's trace."""
        with traces.span(self._route.stage, message.headers, delivery=message.metadata.num_delivered):
            await self._to_its_end(message)

    async def _to_its_end(self, message: Msg) -> None:
        """When the worker shall end, the message has GRACE and goes back after it."""
        work = asyncio.create_task(self._handle(message))
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({work}, timeout=GRACE)
        finally:
            stopping.cancel()
            work.cancel()
        try:
            await work
        except (asyncio.CancelledError, Stopped):
            _log.info(line("given-back", sequence=message.metadata.sequence.stream))
            traces.note(outcome="given-back")
            await tell(message.nak)

    async def _handle(self, message: Msg) -> None:
        started = time.monotonic()
        sequence, deliveries = message.metadata.sequence.stream, message.metadata.num_delivered
        try:
            payload: Any = self._route.message.model_validate_json(message.data)
        except ValidationError as error:
            await self._bury(message, None, f"malformed message: {_first(error)}")
            return
        doc_id: str = payload.doc_id
        traces.note(doc=doc_id)
        if deliveries > self._route.deliveries:
            await self._bury(message, doc_id, f"{deliveries - 1} workers ended over it without a word")
            return
        # the id names the message that led to it: a redelivery publishes no second one, a new request does
        dedupe = f"{self._route.stage}:{self._route.stream}:{sequence}:{doc_id}"
        request = void.request_of(message)
        patience, steadfast = (self._patience(doc_id, dedupe, route) for route in (self._route, self._steadfast))
        async with signs_of_life(message):
            try:
                result = await patience.through(lambda: self._guarded(payload, request), doc_id)
            except Void:
                await self._drop(message, doc_id, steadfast)
                return
            except Malformed as error:
                await self._bury(message, doc_id, error.reason)
                return
            except Unavailable as error:
                await self._give_up(message, doc_id, error, patience)
                return
            body = result.model_dump_json().encode()
            publish = partial(self._bus.publish, self._route.publishes, body, dedupe=dedupe, request=request)
            await steadfast.through(publish, doc_id)
            if await steadfast.through(lambda: void.is_void(self._bus, doc_id, request), doc_id):
                await self._drop(message, doc_id, steadfast)
                return
            await tell(lambda: message.ack_sync(TIMEOUT))
        traces.note(outcome="done")
        _log.info(line("done", doc=doc_id, delivery=deliveries, seconds=time.monotonic() - started))

    async def _guarded(self, payload: Any, request: int) -> Payload:
        """Raises Void, also where the stage failed because what it works on was taken away meanwhile."""
        await self._living(payload.doc_id, request)
        try:
            return await self._parts.run(payload)
        except MemoryError as error:
            raise Unavailable(self._route.stage, "out of memory") from error
        except Malformed:
            await self._living(payload.doc_id, request)
            raise

    async def _living(self, doc_id: str, request: int) -> None:
        if await void.is_void(self._bus, doc_id, request):
            raise Void

    async def _drop(self, message: Msg, doc_id: str, patience: Patience) -> None:
        """Out of the queue, with whatever this stage has left of a document that was forgotten since."""
        traces.note(outcome="forgotten")
        _log.info(line("forgotten", doc=doc_id, delivery=message.metadata.num_delivered))
        await patience.through(lambda: self._take_back(doc_id), doc_id)
        await tell(message.term)

    async def _take_back(self, doc_id: str) -> None:
        if await self._parts.objects.exists(Bucket.RAW, doc_id):
            return  # forgetting is not yet so far, or the file was sent again: what was made of it is the same
        await self._parts.take_back(doc_id)
        await forget_letters(doc_id, self._bus)

    async def _give_up(self, message: Msg, doc_id: str, error: Unavailable, patience: Patience) -> None:
        """Back into the queue for a while where the document is at fault, and out of it after the last try."""
        deliveries = message.metadata.num_delivered
        retry = patience.retry(error)
        delay = None if retry.hold else retry.delay(deliveries)
        if delay is None:
            tried = f" ({retry.tries} tries)" if retry.tries else ""
            await self._bury(message, doc_id, f"{error}{tried}")
            return
        _log.warning(line("later", doc=doc_id, delivery=deliveries, seconds=delay, reason=error))
        traces.note(outcome="later", where=error.where, error=type(error).__name__, seconds=delay)
        await tell(lambda: message.nak(delay=delay))

    async def _bury(self, message: Msg, doc_id: str | None, reason: str) -> None:
        deliveries, request = message.metadata.num_delivered, void.request_of(message)
        sequence = f"{self._route.stream}:{message.metadata.sequence.stream}"
        patience = self._patience(doc_id, sequence, self._steadfast)
        traces.note(outcome="dead-letter")
        _log.error(line("dead-letter", doc=doc_id, delivery=deliveries, reason=reason))
        async with signs_of_life(message):
            await patience.through(
                lambda: self._letters.bury(
                    message.subject, message.data, doc_id, reason, deliveries, sequence, request
                ),
                doc_id,
            )
            if doc_id is not None and await patience.through(
                partial(void.is_void, self._bus, doc_id, request), doc_id
            ):
                await self._drop(message, doc_id, patience)
                return
            await tell(message.term)

    def _patience(self, doc_id: str | None, dedupe: str, route: Route) -> Patience:
        async def alert(reason: str) -> None:
            await self._letters.alert(doc_id, reason, dedupe)

        return Patience(route, self._stop, alert)


async def _next(subscription: JetStreamContext.PullSubscription) -> Msg | None:
    """The next message, or None where POLL brings none."""
    with named():
        try:
            [message] = await subscription.fetch(1, timeout=POLL)
        except nats.errors.TimeoutError:
            return None
    return message


def _first(error: ValidationError) -> str:
    """Of what pydantic found: the first, without the input, which is whatever somebody sent."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "message"
    return f"{where}: {first['msg']}"


async def run(stage: str, settings: Settings) -> None:
    """Serve `stage` until SIGTERM or SIGINT. Raises PipelineError, OSError for a health port that is taken."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with wired(stage, settings) as parts:
        bus = await Bus.connect(settings, f"worker-{stage}", CONNECT_PATIENCE)
        try:
            dependencies = (bus, *parts.dependencies)
            for problem in await health.problems(dependencies):
                _log.warning(line("not-ready", reason=problem))
            async with health.door(settings.health_host, settings.health_port, dependencies):
                _log.info(line("serving"))
                await Worker(ROUTES[stage], parts, bus, stop).serve()
        finally:
            await bus.close()
    _log.info(line("ended"))


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in ROUTES:
        sys.stderr.write(f"usage: python -m pipeline.worker {'|'.join(ROUTES)}\n")
        return 2
    stage = sys.argv[1]
    log.setup(stage)
    try:
        with traces.exported(stage):
            asyncio.run(run(stage, load()))
    except ValidationError as error:
        for problem in problems(error):
            _log.error(line("stopped", reason=problem))
        return 1
    except (PipelineError, OSError) as error:
        _log.error(line("stopped", reason=error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
