"""The wait for accepted documents: events say what came through, the store is asked when none come."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from pydantic import ValidationError

from pipeline.contract import Alert, DeadLetter, EmbedCompleted, Forgotten, KgCompleted, Subject
from pipeline.errors import NoSpace, Unavailable
from pipeline.problem import Problem

FOLLOWED = (
    Subject.EMBED_COMPLETED,
    Subject.KG_COMPLETED,
    f"{Subject.DEAD}.>",
    f"{Subject.ALERT}.>",
    f"{Subject.FORGOTTEN}.>",
)

IN_FLIGHT = 64
"""Documents. Enough to keep every stage busy (each fetches a few), few enough for any stream and memory."""

QUIET = 5.0
"""Seconds without an event after which the store is asked: the last word may have been lost with its server."""

STALLED = 3600.0
"""Seconds without any document coming through: longer than an extraction that runs out of time four times."""

OUTAGE = 60.0
"""Seconds that a service may be away before an upload gives up, from when that shows: one whose machine died
may be silent for minutes first. One that is restarted needs a few."""

RETRY = 0.5
"""Seconds between two tries while a service is away; the platform restarts one within a second."""

HEALS = 10.0
"""Seconds that "no space left" is not believed: whoever made room and began at once still hears it of a server
that is only now started anew (docs/full-disk.md), which takes 6."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of documents so far; `found` grows while folders are walked. `latest` is a path for people."""

    found: int = 0
    unchanged: int = 0
    accepted: int = 0
    ingested: int = 0
    failed: int = 0
    chunks: int = 0
    latest: str = ""


class Completions(Protocol):
    async def completed(self, doc_ids: Sequence[str]) -> set[str]:
        """Those of the documents that can be found."""
        ...


class Following:
    """The state of one run. `pending` maps the ids of accepted documents to their paths, as shown."""

    def __init__(self, store: Completions, progress: Callable[[Progress], None]) -> None:
        self._store = store
        self._tell = progress
        self._moved = asyncio.Event()
        self._last = asyncio.get_running_loop().time()
        self._begun = self._last
        self.state = Progress()
        self.pending: dict[str, str] = {}
        self.problems: list[Problem] = []

    def found(self) -> None:
        self._now(found=self.state.found + 1)

    def unchanged(self) -> None:
        self._now(unchanged=self.state.unchanged + 1)

    def failed(self, problem: Problem) -> None:
        self.problems.append(problem)
        self._now(failed=self.state.failed + 1, latest=problem.where)

    @contextmanager
    def expecting(self, doc_id: str, name: str) -> Iterator[None]:
        """Around the request for a document: it counts as accepted when the block succeeds.

        It is expected from before the request on, since its events may overtake the answer to it.
        """
        self.pending[doc_id] = name
        try:
            yield
        except BaseException:
            self.pending.pop(doc_id, None)
            raise
        self._now(accepted=self.state.accepted + 1, latest=name)

    async def listen(self, events: AsyncIterator[tuple[str, bytes]]) -> None:
        """Take events in until cancelled. Raises NoSpace when a stage still reports a full disk after HEALS."""
        async for subject, body in events:
            try:
                self._event(subject, body)
            except ValidationError as error:
                # Another version's message: its sender's business, while the store still tells the truth.
                _log.warning("ignored a message on %s: %s", subject, error.errors()[0]["msg"])
        raise Unavailable("events", "the feed of events ended")

    async def room(self) -> None:
        """Wait until another document may be requested."""
        while len(self.pending) >= IN_FLIGHT:
            await self._wait()

    async def finish(self) -> None:
        """Wait until nothing is pending."""
        while self.pending:
            await self._wait()

    def _event(self, subject: str, body: bytes) -> None:
        if subject == Subject.EMBED_COMPLETED:
            embedded = EmbedCompleted.model_validate_json(body)
            if embedded.doc_id in self.pending:
                self._now(chunks=self.state.chunks + embedded.chunks)
        elif subject == Subject.KG_COMPLETED:
            self._through(KgCompleted.model_validate_json(body).doc_id)
        elif subject.startswith(f"{Subject.ALERT}."):
            alert = Alert.model_validate_json(body)
            if _full(alert.reason) and asyncio.get_running_loop().time() - self._begun > HEALS:
                raise NoSpace(f"stage {alert.stage}", alert.reason)
        elif subject.startswith(f"{Subject.FORGOTTEN}."):
            self._forgotten(Forgotten.model_validate_json(body).doc_id)
        else:
            self._dead(DeadLetter.model_validate_json(body))

    def _through(self, doc_id: str) -> None:
        name = self.pending.pop(doc_id, None)
        if name is not None:
            self._now(ingested=self.state.ingested + 1, latest=name)

    def _forgotten(self, doc_id: str) -> None:
        name = self.pending.pop(doc_id, None)
        if name is not None:
            self.failed(Problem(name, "it was forgotten while it was on its way", "", "ingest it again"))

    def _dead(self, letter: DeadLetter) -> None:
        name = self.pending.pop(letter.doc_id or "", None)
        if name is None:
            return
        if _full(letter.reason):
            raise NoSpace(f"stage {letter.stage}", letter.reason)
        given, _, fix = letter.reason.partition("; ")
        self.failed(Problem(name, given, "", fix))

    async def _wait(self) -> None:
        """Until something moves; every QUIET seconds the store is asked. Raises Unavailable when STALLED."""
        self._moved.clear()
        try:
            async with asyncio.timeout(QUIET):
                await self._moved.wait()
        except TimeoutError:
            for doc_id in await patiently(lambda: self._store.completed(list(self.pending))):
                self._through(doc_id)
        if asyncio.get_running_loop().time() - self._last > STALLED:
            raise Unavailable("pipeline", f"no document came through in {STALLED / 60:.0f} min; see the status")

    def _now(self, **changes: int | str) -> None:
        self.state = replace(self.state, **changes)  # type: ignore[arg-type]
        self._last = asyncio.get_running_loop().time()
        self._moved.set()
        self._tell(self.state)


def _full(reason: str) -> bool:
    """What stages report has become text: each product says it in the words of errno ENOSPC."""
    return "no space left" in reason.lower()


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """The answer of a service that may be restarting.

    Raises its Unavailable when OUTAGE has passed since the first one, its NoSpace after HEALS.
    """
    loop = asyncio.get_running_loop()
    shown: float | None = None
    while True:
        try:
            return await call()
        except Unavailable as error:
            shown = loop.time() if shown is None else shown
            patience = HEALS if isinstance(error, NoSpace) else OUTAGE
            if loop.time() + RETRY > shown + patience:
                raise
        await asyncio.sleep(RETRY)
