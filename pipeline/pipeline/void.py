"""Which messages mean nothing any more: those of a document that was forgotten after they were asked for.

Messages wait for up to a day, so forgetting leaves a mark, `doc.forgotten.<document>`, in the stream of the
requests, which stays as long as any of them. Every message carries the number of the request that led to it; one
that is lower than the mark's is void, one that is higher came from the same file, sent again.

A stage looks before it works and after it has published. Whoever was overtaken by a mark in between finds it then,
and takes back what it did; so nothing is locked, and nothing comes back.
"""

import math
from datetime import UTC, datetime

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from pipeline.adapters.bus import REQUEST, Bus, named
from pipeline.contract import Forgotten, Subject

STREAM = "INGEST"
"""Of the requests and of the marks, so that their numbers compare."""


class Void(Exception):
    """The document was forgotten after this message was asked for."""


def request_of(message: Msg) -> int:
    """The number of the request that led to the message; one that came without is a request itself."""
    told = (message.headers or {}).get(REQUEST, "")
    if told.isdecimal():
        return int(told)
    at = message.metadata
    return at.sequence.stream if at.stream == STREAM else 0


async def mark(bus: Bus, doc_id: str) -> None:
    """From now on every message that was asked for before is void. Raises Unavailable, NoSpace."""
    body = Forgotten(doc_id=doc_id).model_dump_json().encode()
    await bus.publish(f"{Subject.FORGOTTEN}.{doc_id}", body)


async def is_void(bus: Bus, doc_id: str, request: int) -> bool:
    """Raises Unavailable."""
    found = await _last(bus, doc_id)
    return found is not None and request < (found.seq or 0)


async def seconds_since_any(bus: Bus) -> float:
    """Since a document was forgotten; infinite where that is longer ago than messages live. Raises Unavailable."""
    found = await _last(bus, "*")
    if found is None or found.time is None:
        return math.inf
    return (datetime.now(UTC) - found.time).total_seconds()


async def _last(bus: Bus, doc_id: str) -> RawStreamMsg | None:
    with named():
        try:
            return await bus.jetstream.get_last_msg(STREAM, f"{Subject.FORGOTTEN}.{doc_id}")
        except NotFoundError:
            return None
