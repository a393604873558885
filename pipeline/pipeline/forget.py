"""Everything of a document goes: what is found of it first, then its original, then what was made of it."""

from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from pipeline import void
from pipeline.adapters.bus import Bus
from pipeline.contract import Bucket, graph_name
from pipeline.dead_letters import forget_letters, last_of
from pipeline.ports import GraphStore, ObjectStore, VectorStore

DocumentId = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the document's bytes")]

SHORTEST, WHOLE = 4, 64
"""Digits of a prefix, as git has it, and of an id."""

Prefix = Annotated[
    str,
    Field(pattern=f"^[0-9a-f]{{{SHORTEST},{WHOLE}}}$", description="an id's beginning; the whole id is one too"),
]


class Stores(Protocol):
    """Where something of a document may lie; everything raises Unavailable."""

    @property
    def objects(self) -> ObjectStore: ...
    @property
    def vectors(self) -> VectorStore: ...
    @property
    def graph(self) -> GraphStore: ...
    async def bus(self) -> Bus: ...


class Known(BaseModel):
    """A document of which there is something; its title is empty until it was read."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str


class Forgotten(BaseModel):
    """What is gone."""

    model_config = ConfigDict(frozen=True)

    id: str
    chunks: int
    objects: int = Field(description="of the original and of what was made of it")
    dead_letters: int


async def known(start: str, stores: Stores) -> list[Known]:
    """The documents whose ids begin with `start`, sorted; by a whole id also one that is half forgotten."""
    found = await stores.vectors.titles(start)
    if len(start) < WHOLE:
        found = dict.fromkeys(await stores.objects.keys(Bucket.RAW, start), "") | found
    elif not found and await _left_over(start, stores):
        found = {start: ""}
    return [Known(id=doc_id, title=found[doc_id]) for doc_id in sorted(found)]


async def _left_over(doc_id: str, stores: Stores) -> bool:
    objects = stores.objects
    return bool(
        await objects.exists(Bucket.RAW, doc_id)
        or await objects.keys(Bucket.PROCESSED, f"{doc_id}/")
        or await last_of(doc_id, await stores.bus())
    )


async def forget(doc_id: str, stores: Stores) -> Forgotten:
    """Whatever there is of it. Raises Unavailable where a store is away; another run takes what is left.

    Search and graph lose it together, so that no answer has half of it.
    """
    bus = await stores.bus()
    await void.mark(bus, doc_id)
    async with stores.vectors.emptied(doc_id) as chunks:
        await stores.graph.drop(graph_name(doc_id))
    original = await stores.objects.exists(Bucket.RAW, doc_id)
    await stores.objects.delete(Bucket.RAW, doc_id)
    # A worker that had it in hand takes its work back once the original is gone. What it did before is below here.
    await stores.graph.drop(graph_name(doc_id))
    made = await stores.objects.clear(Bucket.PROCESSED, doc_id)
    letters = await forget_letters(doc_id, bus)
    await stores.vectors.forget(doc_id)
    return Forgotten(id=doc_id, chunks=chunks, objects=original + made, dead_letters=letters)
