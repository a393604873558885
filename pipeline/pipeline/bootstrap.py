"""What the pipeline needs before its first message: streams, consumers, tables, retention. Run it as often as you
like: `python -m pipeline.bootstrap` changes what differs and says so in one line."""

import asyncio
import sys
from dataclasses import replace

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from pipeline import log
from pipeline.adapters.bus import Bus, named
from pipeline.adapters.objects import Objects
from pipeline.adapters.retention import expire
from pipeline.adapters.vectors import Vectors
from pipeline.contract import DEDUPE_WINDOW, RAW_EXPIRY_DAYS, STREAMS, Bucket, Stream
from pipeline.errors import PipelineError
from pipeline.routes import ACK_WAIT, ROUTES, Route
from pipeline.settings import Settings, load, problems

PATIENCE = 30.0
"""Seconds until a server that is only starting must answer."""


async def bootstrap(settings: Settings) -> list[str]:
    """What was created or changed, in words. Raises PipelineError."""
    objects, vectors = Objects(settings), Vectors(settings)
    await objects.check()
    changes = ["tables created"] if await vectors.create() else []
    if await expire(settings, Bucket.RAW, RAW_EXPIRY_DAYS):
        changes.append(f"bucket {Bucket.RAW} expires after {RAW_EXPIRY_DAYS} days")
    return [*changes, *await make_streams(settings)]


async def make_streams(settings: Settings) -> list[str]:
    """Streams and consumers alone."""
    changes: list[str] = []
    bus = await Bus.connect(settings, "bootstrap", PATIENCE)
    try:
        for stream in STREAMS:
            changes += await _stream(bus.jetstream, stream, settings)
        for route in ROUTES.values():
            changes += await _consumer(bus.jetstream, route)
    finally:
        await bus.close()
    return changes


async def _stream(jetstream: JetStreamContext, stream: Stream, settings: Settings) -> list[str]:
    wanted = StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        retention=RetentionPolicy(stream.retention),
        discard=DiscardPolicy(stream.discard),
        storage=StorageType.FILE,
        max_age=stream.max_age,
        max_bytes=int(stream.max_bytes * settings.stream_scale),
        duplicate_window=DEDUPE_WINDOW,
        num_replicas=settings.stream_replicas,
    )
    with named():
        try:
            info = await jetstream.stream_info(stream.name)
        except NotFoundError:
            await jetstream.add_stream(wanted)
            return [f"stream {stream.name} created"]
        # a smaller limit than what is stored would throw messages away, or take no new one
        wanted = replace(wanted, max_bytes=max(wanted.max_bytes or 0, info.state.bytes))
        differing = _differing(wanted, info.config)
        if differing:
            await jetstream.update_stream(wanted)
            return [f"stream {stream.name} changed ({', '.join(differing)})"]
    return []


async def _consumer(jetstream: JetStreamContext, route: Route) -> list[str]:
    wanted = ConsumerConfig(
        durable_name=route.stage,
        filter_subject=route.consumes,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT,
        # The worker counts, and dead-letters before it works: at the server's own limit a message would stop
        # being delivered without anybody having kept it.
        max_deliver=-1,
    )
    with named():
        try:
            info = await jetstream.consumer_info(route.stream, route.stage)
        except NotFoundError:
            await jetstream.add_consumer(route.stream, wanted)
            return [f"consumer {route.stage} created"]
        differing = _differing(wanted, info.config)
        if differing:
            await jetstream.add_consumer(route.stream, wanted)
            return [f"consumer {route.stage} changed ({', '.join(differing)})"]
    return []


def _differing(wanted: StreamConfig | ConsumerConfig, present: StreamConfig | ConsumerConfig) -> list[str]:
    """The settings that we set and that are otherwise on the server, which adds defaults of its own."""
    ours = {name: value for name, value in vars(wanted).items() if value is not None}
    return [name for name, value in ours.items() if getattr(present, name) != value]


def main() -> int:
    log.setup("bootstrap")
    try:
        changes = asyncio.run(bootstrap(load()))
    except ValidationError as error:
        sys.stderr.writelines(f"bootstrap: {problem}\n" for problem in problems(error))
        return 1
    except PipelineError as error:
        sys.stderr.write(f"bootstrap: {error}\n")
        return 1
    sys.stdout.write(f"bootstrap: {', '.join(changes) or 'nothing to change'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
