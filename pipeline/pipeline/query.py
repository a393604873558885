"""Question → passages and facts → answer with citations. Whatever is missing is done without, and said."""

import math
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from pipeline import prompt, traces
from pipeline.answer import Answer, Fact, Passage, check_citations
from pipeline.bounded import until, within
from pipeline.errors import Malformed, PipelineError, Unavailable
from pipeline.memory import Key, Memory
from pipeline.neighbours import facts_near
from pipeline.ports import LLM, Embedder, GraphStore, Vector, VectorStore
from pipeline.ports import Passage as Found
from pipeline.quote import quote

NO_EMBEDDER = "the embedding model does not answer: full text only"
NO_GRAPH = "the graph does not answer in time: no related facts"
NO_MODEL = "no language model: quoted, not synthesised"
PASSAGES_ONLY = "no language model: passages only"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds that a person waits for one part before the answer does without it."""

    embed: float = 5.0  # one short text: 0.02 s in the built-in model, 3 s in a cold one on a Raspberry Pi
    database: float = 4.0  # a look-up takes milliseconds, a restart of the server two seconds
    graph: float = 2.0  # facts garnish an answer: nobody waits for them
    chat: float = 90.0  # 2,400 tokens read and 300 written by a model on CPU


@dataclass(frozen=True, slots=True)
class Event:
    """A step of an answer in the making: its passages, then its text in pieces, at last the whole of it."""

    kind: Literal["passages", "piece", "answer"]
    answer: Answer | None = None
    piece: str = ""


@dataclass(frozen=True, slots=True)
class _Context:
    """What was found before anything is written."""

    question: str
    vector: Vector | None
    found: tuple[Found, ...]
    facts: tuple[Fact, ...] = ()
    degraded: tuple[str, ...] = ()

    @property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(map(Passage.of, self.found))

    def answer(self, text: str | None, *degraded: str) -> Answer:
        degraded = tuple(dict.fromkeys((*self.degraded, *degraded)))
        return Answer(answer=text, degraded=degraded, passages=self.passages, facts=self.facts)


class Query:
    """Searching and asking; one per process, since it remembers its last answers.

    Every method raises Unavailable when the database is away and no answer is remembered, Misconfigured
    when the embedding model and the table do not fit each other.
    """

    def __init__(
        self,
        vectors: VectorStore,
        embedder: Embedder,
        graph: GraphStore,
        chat: LLM | None,
        *,
        bounds: Bounds | None = None,
        clock: Callable[[], float] = time.monotonic,
        forgotten: Callable[[], Awaitable[float]] | None = None,
    ) -> None:
        """`forgotten` says how many seconds ago a document was last forgotten: older answers may quote it."""
        self._vectors = vectors
        self._embedder = embedder
        self._graph = graph
        self._chat = chat
        self._bounds = bounds or Bounds()
        self._memory = Memory(clock=clock)
        self._forgotten = forgotten

    async def search(self, text: str, limit: int = 8) -> Answer:
        """The `limit` passages nearest to `text`, best first; `answer` stays None."""
        key: Key = ("search", text, limit)
        try:
            answer = (await self._retrieve(text, limit)).answer(None)
        except Unavailable as error:
            return await self._remembered(key, error)
        self._memory.put(key, answer)
        return answer

    async def ask(self, question: str, limit: int = 8) -> Answer:
        """An answer made of the `limit` nearest passages and of what the graph knows around them."""
        answer = Answer(answer=None)
        async for event in self.stream(question, limit):
            answer = event.answer or answer
        return answer

    async def stream(self, question: str, limit: int = 8) -> AsyncGenerator[Event, None]:
        """The same, step by step. Pieces are the model's own words; the last event has its citations checked."""
        key: Key = ("ask", question, limit)
        try:
            context = await self._retrieve(question, limit)
        except Unavailable as error:
            yield Event("answer", await self._remembered(key, error))
            return
        context = await self._relate(context)
        yield Event("passages", context.answer(None))
        with traces.part("write") as tell:
            async with aclosing(self._write(context)) as events:
                async for event in events:
                    if event.answer:
                        self._memory.put(key, event.answer)
                        tell(degraded=len(event.answer.degraded))
                    yield event

    async def _remembered(self, key: Key, error: Unavailable) -> Answer:
        oldest = math.inf
        if self._forgotten is not None:
            try:
                oldest = await within(self._bounds.database, "nats", self._forgotten())
            except Unavailable:
                raise error from None
        answer = self._memory.get(key, oldest)
        if answer is None:
            raise error
        return answer

    async def _retrieve(self, text: str, limit: int) -> _Context:
        with traces.part("retrieve") as tell:
            context = await self._found(text, limit)
            tell(passages=len(context.found), by_meaning=context.vector is not None)
        return context

    async def _found(self, text: str, limit: int) -> _Context:
        vector: Vector | None = None
        degraded: tuple[str, ...] = ()
        try:
            [vector] = await within(self._bounds.embed, "embedding model", self._embedder.embed([text]))
        except (Unavailable, Malformed):
            degraded = (NO_EMBEDDER,)
        found = await within(self._bounds.database, "postgres", self._vectors.search(text, vector, limit))
        return _Context(text, vector, tuple(found), degraded=degraded)

    async def _relate(self, context: _Context) -> _Context:
        if not context.found:
            return context
        with traces.part("relate") as tell:
            context = await self._with_facts(context)
            tell(facts=len(context.facts))
        return context

    async def _with_facts(self, context: _Context) -> _Context:
        try:
            facts = await within(
                self._bounds.graph, "graph", facts_near(self._graph, context.question, context.found)
            )
        except (Unavailable, Malformed):
            return replace(context, degraded=(*context.degraded, NO_GRAPH))
        return replace(context, facts=facts)

    async def _write(self, context: _Context) -> AsyncGenerator[Event, None]:
        if not context.found:
            yield Event("answer", context.answer(None))
            return
        if self._chat is None:
            yield Event("answer", await self._quoted(context))
            return
        asked = prompt.build(context.question, context.passages, context.facts)
        pieces: list[str] = []
        try:
            # closed here, not by the garbage collector: a reader who leaves ends the model's work at once
            async with aclosing(self._chat.stream(asked.system, asked.user)) as stream:
                async for piece in until(self._bounds.chat, "chat model", stream):
                    pieces.append(piece)
                    yield Event("piece", piece=piece)
        except PipelineError as error:
            yield Event("answer", await self._quoted(context, f"the language model failed: {error.reason}"))
            return
        text, faults = check_citations("".join(pieces), asked.passages)
        if text:
            yield Event("answer", context.answer(text, *faults))
        else:
            yield Event("answer", await self._quoted(context, "the language model answered nothing"))

    async def _quoted(self, context: _Context, *degraded: str) -> Answer:
        """Sentences of the documents themselves, in place of a model's."""
        try:
            text = await within(
                self._bounds.embed,
                "embedding model",
                quote(context.question, context.vector, context.passages, self._embedder),
            )
        except (Unavailable, Malformed):
            text = await quote(context.question, None, context.passages, self._embedder)
        return context.answer(text, *degraded, NO_MODEL if text else PASSAGES_ONLY)
