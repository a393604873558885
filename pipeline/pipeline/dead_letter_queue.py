"""The dead letters as a person works through them: listed, shown, sent again, purged."""

from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.adapters.bus import Bus, named
from pipeline.contract import Bucket, DeadLetter, Subject
from pipeline.errors import Malformed
from pipeline.ports import ObjectStore

STREAM = "DEAD"
FILTER = f"{Subject.DEAD}.>"
"""Its letters; alerts stand between them."""

PAGE = 100
"""Letters read at once: each may hold a quarter of a MiB."""


class Listed(BaseModel):
    """`number` is its place in the stream: it names this letter and, once that is gone, no other."""

    model_config = ConfigDict(frozen=True)

    number: int
    document: str | None = Field(description="None where the message does not say which")
    stage: str
    reason: str
    failed_at: str = Field(description="ISO 8601, UTC")


class Shown(Listed):
    """The whole letter."""

    subject: str = Field(description="where the message came from, and goes when it is replayed")
    deliveries: int
    payload: str = Field(description=r"the message; bytes that are no text as \xff")


class DeadLetterQueue:
    """Everything raises Unavailable where the server is away."""

    def __init__(self, bus: Bus, objects: ObjectStore) -> None:
        self._bus = bus
        self._objects = objects

    async def page(self, after: int = 0, limit: int = PAGE) -> list[Listed]:
        """The oldest `limit` letters with a number above `after`."""
        found: list[Listed] = []
        while len(found) < limit:
            message = await self._message(after + 1, FILTER)
            if message is None:
                break
            after = message.seq or 0
            found.append(_listed(message))
        return found

    async def show(self, number: int) -> Shown | None:
        """None where there is no such letter. Raises Malformed where it, or the message that it keeps, is lost."""
        letter = await self._letter(number)
        if letter is None:
            return None
        body = await self._body(letter)
        return Shown(
            number=number,
            document=letter.doc_id,
            stage=letter.stage,
            reason=letter.reason,
            failed_at=letter.failed_at,
            subject=letter.subject,
            deliveries=letter.deliveries,
            payload=body.decode(errors="backslashreplace"),
        )

    async def replay(self, number: int) -> bool:
        """Send its message to the stage again; False where there is no such letter. Raises as `show` does.

        The letter goes once its message is stored. A run that dies between the two leaves it, and another one soon
        after sends no second message.
        """
        letter = await self._letter(number)
        if letter is None:
            return False
        body = await self._body(letter)
        await self._bus.publish(letter.subject, body, dedupe=f"replay:{number}", request=letter.request)
        await self._remove(number, letter.payload_key)
        return True

    async def purge(self, number: int) -> bool:
        """False where there is no such letter."""
        message = await self._message(number)
        if message is None:
            return False
        try:
            key = DeadLetter.model_validate_json(message.data or b"").payload_key
        except ValidationError:
            key = None  # of another version: it goes all the same
        await self._remove(number, key)
        return True

    async def _remove(self, number: int, key: str | None) -> None:
        with named():
            await self._bus.jetstream.delete_msg(STREAM, number)
        if key is not None:
            await self._objects.delete(Bucket.PROCESSED, key)

    async def _letter(self, number: int) -> DeadLetter | None:
        message = await self._message(number)
        if message is None:
            return None
        try:
            return DeadLetter.model_validate_json(message.data or b"")
        except ValidationError as error:
            raise Malformed(f"dead letter {number}", "it is of another version") from error

    async def _body(self, letter: DeadLetter) -> bytes:
        if letter.payload is not None:
            return letter.payload.encode()
        return await self._objects.get(Bucket.PROCESSED, letter.payload_key or "none")

    async def _message(self, number: int, following: str | None = None) -> RawStreamMsg | None:
        """The letter of this number; with `following`, the first of these subjects from it on."""
        with named():
            try:
                found = await self._bus.jetstream.get_msg(
                    STREAM, seq=number, subject=following, next=following is not None
                )
            except NotFoundError:
                return None
        return found if (found.subject or "").startswith(f"{Subject.DEAD}.") else None


def _listed(message: RawStreamMsg) -> Listed:
    number = message.seq or 0
    try:
        letter = DeadLetter.model_validate_json(message.data or b"")
    except ValidationError:
        stage = (message.subject or "").split(".")[1]
        at = message.time.isoformat(timespec="seconds") if message.time else ""
        return Listed(
            number=number, document=None, stage=stage, reason="a letter of another version", failed_at=at
        )
    return Listed(
        number=number,
        document=letter.doc_id,
        stage=letter.stage,
        reason=letter.reason,
        failed_at=letter.failed_at,
    )
