"""The interfaces between the pipeline and the products behind it. Swapping a product touches one adapter."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.contract import Chunk, Extracted, Metadata

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from pipeline.entities import Found

Vector = Sequence[float]


class Dependency(Protocol):
    """A product that a process leans on; what every adapter has beside its port."""

    async def check(self) -> None:
        """Return when it answers. Raises Unavailable, Refused or Misconfigured, saying why not."""
        ...

    async def close(self) -> None: ...


class ObjectStore(Protocol):
    """Bytes by bucket and key. Keys are content-addressed; a put of an existing key is a no-op.

    What was made of a document lies in a folder that is called like it.
    """

    async def put(self, bucket: str, key: str, body: bytes) -> None: ...
    async def get(self, bucket: str, key: str) -> bytes: ...
    async def exists(self, bucket: str, key: str) -> bool: ...
    async def delete(self, bucket: str, key: str) -> None: ...
    async def clear(self, bucket: str, folder: str) -> int:
        """Delete what lies in the folder; returns how many objects that were."""
        ...

    async def keys(self, bucket: str, start: str) -> list[str]:
        """Those that begin with `start`."""
        ...


class EventBus(Protocol):
    """Publishing. `dedupe` is the message id under which the stream drops a second copy, `request` the number
    of the request that led to the message."""

    async def publish(
        self, subject: str, body: bytes, *, dedupe: str | None = None, request: int | None = None
    ) -> None: ...


class EventFeed(Protocol):
    """Listening, for whoever waits for a document to come through; no message is taken from a worker.

    Everything published from the moment of entering on is seen, also across a restart of the server; an alert
    perhaps twice.
    Iterating yields (subject, body) and raises Unavailable when the server stays away.
    """

    def follow(self, *subjects: str) -> AbstractAsyncContextManager[AsyncIterator[tuple[str, bytes]]]: ...


class Extractor(Protocol):
    """Raw bytes → blocks. Raises Malformed for a document that cannot be read."""

    def extract(self, doc_id: str, source_uri: str, metadata: Metadata, raw: bytes) -> Extracted: ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question; `score` is comparable within one answer only."""

    chunk_id: str
    doc_id: str
    title: str
    uri: str
    text: str
    page: int | None
    heading: str | None
    score: float


class VectorStore(Protocol):
    async def has_chunks(self, chunk_ids: Sequence[str]) -> set[str]:
        """Those of `chunk_ids` that are stored already: they need no embedding call."""
        ...

    async def store(self, document: Extracted, chunks: Sequence[Chunk], vectors: Mapping[str, Vector]) -> None:
        """The document, of these chunks those that `vectors` has by id, and no others: all or nothing.

        Chunks that are stored already stay. Raises Misconfigured, before anything is written, when a
        vector's length is not the table's.
        """
        ...

    async def add(self, doc_id: str, chunks: Sequence[Chunk], vectors: Mapping[str, Vector]) -> None:
        """More of the chunks of a stored document: all or nothing, raising as `store` does."""
        ...

    async def mark_complete(self, doc_id: str) -> None: ...
    async def completed(self, doc_ids: Sequence[str]) -> set[str]: ...
    async def search(self, text: str, vector: Vector | None, limit: int) -> list[Passage]:
        """Vector and full-text ranks, fused; full text alone when `vector` is None."""
        ...

    async def counts(self) -> dict[str, int]:
        """`documents`, `chunks`, `embeddings`."""
        ...

    async def chunks(self, doc_id: str) -> int:
        """How many of one document are stored."""
        ...

    async def titles(self, start: str) -> dict[str, str]:
        """Of the documents whose ids begin with `start`, by id."""
        ...

    def emptied(self, doc_id: str) -> AbstractAsyncContextManager[int]:
        """Take chunks and text from the document when the block ends well, otherwise nothing; gives the number
        of chunks. Its row stays, so that one that is half forgotten can be found."""
        ...

    async def forget(self, doc_id: str) -> bool: ...


Triple = tuple[str, str, str]
"""Subject, predicate and object, each as N-Triples text (`<iri>` or `"literal"`)."""


class GraphStore(Protocol):
    async def replace(self, graph: str, ntriples: str) -> int:
        """Replace the named graph by these triples in one transaction; returns how many distinct ones it holds."""
        ...

    async def drop(self, graph: str) -> None: ...
    async def select(self, sparql: str) -> list[dict[str, str]]:
        """Read-only: raises Malformed for anything that is not SELECT, ASK, CONSTRUCT or DESCRIBE."""
        ...

    async def count(self) -> int: ...


class Embedder(Protocol):
    async def embed(self, texts: Sequence[str]) -> list[Vector]: ...


class LLM(Protocol):
    async def complete(self, system: str, user: str, *, schema: dict[str, Any] | None = None) -> str: ...
    def stream(self, system: str, user: str) -> AsyncGenerator[str, None]: ...


class EntityReader(Protocol):
    """Who finds the entities and relations of a text: our own question to a model, or Cognee."""

    async def passage(self, text: str) -> "Found":
        """What the passage names and states. Raises Malformed for an answer that is none, Unavailable as LLM."""
        ...


Attribute = str | int | float | bool
Tell = Callable[..., None]
"""Adds attributes to a span, by keyword."""


class Recorder(Protocol):
    """Where a process tells of its own work; `pipeline.traces` is the door to it."""

    @property
    def provider(self) -> "TracerProvider": ...

    def span(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Attribute]
    ) -> AbstractContextManager[Tell]: ...

    def part(self, name: str) -> AbstractContextManager[Tell]: ...

    def note(self, attributes: Mapping[str, Attribute]) -> None: ...

    def event(self, name: str, attributes: Mapping[str, Attribute]) -> None: ...

    def headers(self) -> dict[str, str]: ...

    def close(self) -> None: ...
