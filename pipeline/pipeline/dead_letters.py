"""Where messages go that no retry can help: `dead.<stage>.<document>`, with an alert on `alerts.<stage>`."""

from datetime import UTC, datetime

from nats.js.errors import NotFoundError

from pipeline.adapters.bus import Bus, named
from pipeline.contract import INLINE_LIMIT, Alert, Bucket, DeadLetter, Subject, content_key
from pipeline.ports import EventBus, ObjectStore

UNKNOWN = "unknown"
"""Instead of the document's id in the subject, where the message does not say which."""


class DeadLetters:
    """Writes the letters and alerts of one stage. Every method raises Unavailable when they cannot be kept."""

    def __init__(self, stage: str, bus: EventBus, objects: ObjectStore) -> None:
        self._stage = stage
        self._bus = bus
        self._objects = objects

    async def bury(
        self,
        subject: str,
        body: bytes,
        doc_id: str | None,
        reason: str,
        deliveries: int,
        dedupe: str,
        request: int | None = None,
    ) -> None:
        """Keep the message as it came, whatever it holds, and tell. `dedupe` names this message and no other."""
        payload, key = _as_text(body), None
        if payload is None:
            key = content_key(doc_id or UNKNOWN, body, f".{dedupe.replace(':', '-')}.message")
            await self._objects.put(Bucket.PROCESSED, key, body)
        letter = DeadLetter(
            stage=self._stage,
            doc_id=doc_id,
            reason=reason,
            subject=subject,
            payload=payload,
            payload_key=key,
            deliveries=deliveries,
            request=request,
            failed_at=_now(),
        )
        address = f"{Subject.DEAD}.{self._stage}.{doc_id or UNKNOWN}"
        await self._bus.publish(address, letter.model_dump_json().encode(), dedupe=f"dead:{dedupe}")
        await self.alert(doc_id, reason, dedupe)

    async def alert(self, doc_id: str | None, reason: str, dedupe: str) -> None:
        alert = Alert(stage=self._stage, doc_id=doc_id, reason=reason, raised_at=_now())
        await self._bus.publish(
            f"{Subject.ALERT}.{self._stage}", alert.model_dump_json().encode(), dedupe=f"alert:{dedupe}"
        )


async def last_of(doc_id: str, bus: Bus) -> DeadLetter | None:
    """The latest letter of a document, whatever became of it since; None where it has none. Raises Unavailable."""
    with named():
        try:
            message = await bus.jetstream.get_last_msg("DEAD", f"{Subject.DEAD}.*.{doc_id}")
        except NotFoundError:
            return None
    return DeadLetter.model_validate_json(message.data or b"")


async def forget_letters(doc_id: str, bus: Bus) -> int:
    """Drop every letter of a document; returns how many there were. Raises Unavailable."""
    subject = f"{Subject.DEAD}.*.{doc_id}"
    with named():
        info = await bus.jetstream.stream_info("DEAD", subjects_filter=subject)
        await bus.jetstream.purge_stream("DEAD", subject=subject)
    return sum((info.state.subjects or {}).values())


def _as_text(body: bytes) -> str | None:
    """None for what is no text, or would not fit into a letter: JSON in JSON may double by its quotes."""
    if len(body) > INLINE_LIMIT // 2:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
