"""Asking and searching, and what becomes of an answer when a part is away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from chat_stand_in import Reply, chat_stand_in
from pipeline.adapters.llm import ChatModel
from pipeline.errors import Malformed, Misconfigured, Unavailable
from pipeline.ports import Passage, Vector
from pipeline.query import Bounds, Query

TEXT = "The bus keeps at most 4 GiB of messages. It drops the oldest first."
FOUND = Passage("c1", "d1", "The bus", "file:///bus.pdf", TEXT, 3, "Limits", 0.9)
OTHER = Passage(
    "c2", "d2", "The lab", "file:///lab.md", "A lab has a bus and a database for everything.", None, None, 0.4
)
QUOTED = "“The bus keeps at most 4 GiB of messages.” [1]"


@dataclass
class Vectors:
    found: list[Passage] = field(default_factory=lambda: [FOUND, OTHER])
    error: Exception | None = None
    asked: list[tuple[str, Vector | None, int]] = field(default_factory=list)

    async def search(self, text: str, vector: Vector | None, limit: int) -> list[Passage]:
        self.asked.append((text, vector, limit))
        if self.error:
            raise self.error
        return self.found[:limit]


@dataclass
class Embedder:
    """A text that names messages points one way, any other text another."""

    error: Exception | None = None
    forever: bool = False

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        if self.forever:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return [[1.0, 0.0] if "messages" in text else [0.0, 1.0] for text in texts]


@dataclass
class Graph:
    error: Exception | None = None
    forever: bool = False

    async def select(self, sparql: str) -> list[dict[str, str]]:
        if self.forever:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        if "?term" in sparql:
            return [
                {"term": "urn:lab:entity:bus", "label": "bus"},
                {"term": "urn:lab:entity:moon", "label": "moon"},
            ]
        related = "http://www.w3.org/2004/02/skos/core#related"
        mentions = "https://schema.org/mentions"
        bus, message = "urn:lab:entity:bus", "urn:lab:entity:message"
        return [
            {"near": bus, "predicate": related, "node": message, "label": "message", "way": "to"},
            {"near": bus, "predicate": related, "node": message, "label": "message", "way": "from"},
            {"near": bus, "predicate": mentions, "node": "urn:lab:doc:d3", "label": "The rack", "way": "from"},
        ]


@dataclass
class Chat:
    pieces: tuple[str, ...] = ("It keeps ", "4 GiB [1].")
    error: Exception | None = None
    forever: bool = False
    prompts: list[tuple[str, str]] = field(default_factory=list)

    async def stream(self, system: str, user: str) -> AsyncIterator[str]:
        self.prompts.append((system, user))
        for piece in self.pieces:
            yield piece
        if self.forever:
            await asyncio.Event().wait()
        if self.error:
            raise self.error


def query(
    vectors: Vectors | None = None,
    embedder: Embedder | None = None,
    graph: Graph | None = None,
    chat: Chat | None = None,
    bounds: Bounds | None = None,
) -> Query:
    return Query(vectors or Vectors(), embedder or Embedder(), graph or Graph(), chat, bounds=bounds)  # type: ignore[arg-type]


QUESTION = "How many messages does the bus keep?"


async def test_an_answer_cites_passages_and_shows_what_is_related() -> None:
    chat = Chat()
    answer = await query(chat=chat).ask(QUESTION)
    assert answer.model_dump() == {
        "answer": "It keeps 4 GiB [1].",
        "degraded": (),
        "passages": (
            {
                "text": TEXT,
                "score": 0.9,
                "document": "The bus",
                "uri": "file:///bus.pdf",
                "page": 3,
                "heading": "Limits",
            },
            {
                "text": OTHER.text,
                "score": 0.4,
                "document": "The lab",
                "uri": "file:///lab.md",
                "page": None,
                "heading": None,
            },
        ),
        "facts": (
            {"subject": "The rack", "predicate": "mentions", "object": "bus"},
            {"subject": "bus", "predicate": "is related to", "object": "message"},
        ),
    }
    assert TEXT in chat.prompts[0][1]
    assert "bus is related to message" in chat.prompts[0][1]


async def test_a_search_is_passages_alone_and_as_many_as_asked_for() -> None:
    answer = await query(chat=Chat()).search(QUESTION, limit=1)
    assert (answer.answer, answer.facts, answer.degraded) == (None, (), ())
    assert [passage.document for passage in answer.passages] == ["The bus"]


async def test_without_a_language_model_the_best_sentence_is_quoted_and_marked() -> None:
    answer = await query().ask(QUESTION)
    assert answer.answer == QUOTED
    assert answer.degraded == ("no language model: quoted, not synthesised",)
    assert len(answer.passages) == 2


async def test_passages_without_a_sentence_are_passages_only() -> None:
    table = Passage("c1", "d1", "The bus", "file:///bus.pdf", "| 4 | 5 |", 3, None, 0.9)
    answer = await query(Vectors([table])).ask(QUESTION)
    assert answer.answer is None
    assert answer.degraded == ("no language model: passages only",)


@pytest.mark.parametrize(
    "embedder", [Embedder(Unavailable("embed", "away")), Embedder(forever=True)], ids=["away", "slow"]
)
async def test_without_the_embedder_full_text_alone_answers_marked(embedder: Embedder) -> None:
    vectors = Vectors()
    answer = await query(vectors, embedder, bounds=Bounds(embed=0.05)).ask(QUESTION)
    assert vectors.asked == [(QUESTION, None, 8)]
    assert answer.answer == QUOTED
    assert answer.degraded == (
        "the embedding model does not answer: full text only",
        "no language model: quoted, not synthesised",
    )


@pytest.mark.parametrize(
    "graph", [Graph(Unavailable("oxigraph", "away")), Graph(forever=True)], ids=["away", "slow"]
)
async def test_without_the_graph_the_answer_has_no_facts_and_is_marked(graph: Graph) -> None:
    answer = await query(graph=graph, chat=Chat(), bounds=Bounds(graph=0.05)).ask(QUESTION)
    assert answer.answer == "It keeps 4 GiB [1]."
    assert answer.facts == ()
    assert answer.degraded == ("the graph does not answer in time: no related facts",)


@pytest.mark.parametrize(
    ("chat", "said"),
    [
        (Chat((), Unavailable("chat model", "503 loading")), "the language model failed: 503 loading"),
        (Chat(("half an ",), Unavailable("chat model", "broke off")), "the language model failed: broke off"),
        (Chat((), Malformed("chat model", "context too long")), "the language model failed: context too long"),
        (Chat(forever=True), "the language model failed: not done within 0.05 s"),
        (Chat(()), "the language model answered nothing"),
    ],
    ids=["away", "broken off", "refused", "slow", "silent"],
)
async def test_a_language_model_that_fails_leaves_a_quotation_marked_as_such(chat: Chat, said: str) -> None:
    answer = await query(chat=chat, bounds=Bounds(chat=0.05)).ask(QUESTION)
    assert answer.answer == QUOTED
    assert answer.degraded == (said, "no language model: quoted, not synthesised")


async def test_an_invented_citation_is_removed_and_said() -> None:
    answer = await query(chat=Chat(("4 GiB [1][9].",))).ask(QUESTION)
    assert answer.answer == "4 GiB [1]."
    assert answer.degraded == ("the model cited [9], which is no passage here: removed",)


async def test_with_the_database_away_a_remembered_answer_says_that_it_is_one() -> None:
    vectors = Vectors()
    asking = query(vectors)
    await asking.ask(QUESTION)
    await asking.search(QUESTION)
    vectors.error = Unavailable("postgres", "away")
    answer = await asking.ask("  how many messages does the bus KEEP? ")
    assert answer.answer == QUOTED
    assert answer.degraded[0] == "the database does not answer: this answer is 0 min old"
    assert (await asking.search(QUESTION)).answer is None


async def test_with_the_database_away_and_nothing_remembered_the_question_is_refused() -> None:
    asking = query(Vectors(error=Unavailable("postgres", "away")))
    for ask in (asking.ask, asking.search):
        with pytest.raises(Unavailable, match="postgres: away"):
            await ask(QUESTION)


async def test_what_was_forgotten_is_not_answered_from_memory() -> None:
    vectors, since = Vectors(), 3600.0

    async def forgotten() -> float:
        if since < 0:
            raise Unavailable("nats", "away")
        return since

    asking = Query(vectors, Embedder(), Graph(), None, forgotten=forgotten)  # type: ignore[arg-type]
    await asking.ask(QUESTION)
    vectors.error = Unavailable("postgres", "away")
    assert (await asking.ask(QUESTION)).answer == QUOTED
    since = -1  # nobody can say whether anything was forgotten
    with pytest.raises(Unavailable, match="postgres: away"):
        await asking.ask(QUESTION)
    since = 0.0
    with pytest.raises(Unavailable, match="postgres: away"):
        await asking.ask(QUESTION)


async def test_another_number_of_passages_is_another_answer() -> None:
    vectors = Vectors()
    asking = query(vectors)
    await asking.ask(QUESTION, 8)
    vectors.error = Unavailable("postgres", "away")
    with pytest.raises(Unavailable):
        await asking.ask(QUESTION, 4)


async def test_an_embedding_of_another_length_than_the_table_is_not_hidden() -> None:
    with pytest.raises(Misconfigured):
        await query(Vectors(error=Misconfigured("postgres", "384, not 768"))).ask(QUESTION)


async def test_nothing_found_is_an_empty_answer_and_asks_no_model() -> None:
    chat = Chat()
    answer = await query(Vectors([]), chat=chat).ask(QUESTION)
    assert (answer.answer, answer.passages, answer.facts, answer.degraded) == (None, (), (), ())
    assert chat.prompts == []


async def test_a_model_over_http_is_read_as_it_writes_and_its_breaking_off_is_said() -> None:
    with chat_stand_in(Reply(pieces=("It keeps ", "4 GiB [1].")), Reply(pieces=("It ",), ends=False)) as server:
        chat = ChatModel(server.url, "small", None)
        asking = Query(Vectors(), Embedder(), Graph(), chat)  # type: ignore[arg-type]
        whole, broken = await asking.ask(QUESTION), await asking.ask(QUESTION)
        await chat.close()
    assert (whole.answer, whole.degraded) == ("It keeps 4 GiB [1].", ())
    assert broken.answer == QUOTED
    assert broken.degraded[0] == "the language model failed: small broke off in the middle of its answer"
    assert TEXT in server.requests[0]["messages"][1]["content"]


async def test_a_stream_shows_passages_first_then_pieces_then_the_checked_whole() -> None:
    events = [event async for event in query(chat=Chat(("4 GiB ", "[1][9]."))).stream(QUESTION)]
    assert [(event.kind, event.piece) for event in events] == [
        ("passages", ""),
        ("piece", "4 GiB "),
        ("piece", "[1][9]."),
        ("answer", ""),
    ]
    assert events[0].answer is not None
    assert events[0].answer.answer is None
    assert len(events[0].answer.passages) == 2
    assert events[-1].answer is not None
    assert events[-1].answer.answer == "4 GiB [1]."
