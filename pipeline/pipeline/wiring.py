"""Which adapters each stage stands on: the only place of the worker's side that knows products."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.adapters.objects import Objects
from pipeline.contract import Bucket, Payload, graph_name
from pipeline.errors import Malformed, Unavailable
from pipeline.ports import Dependency, EntityReader, Extractor, ObjectStore
from pipeline.settings import Settings

Run = Callable[[Any], Awaitable[Payload]]
"""A stage over its ports: the route's message → its result."""

TakeBack = Callable[[str], Awaitable[object]]
"""Undoes what the stage has left of a document."""


@dataclass(frozen=True, slots=True)
class Wired:
    """A stage ready to run, and what must answer for it; every stage has the object store."""

    run: Run
    take_back: TakeBack
    objects: Objects
    dependencies: tuple[Dependency, ...]


@asynccontextmanager
async def wired(stage: str, settings: Settings) -> AsyncIterator[Wired]:
    """The stage's own adapters, imported, opened and closed; nothing that another stage needs is loaded.

    Raises Misconfigured for settings that cannot be.
    """
    async with AsyncExitStack() as closing:
        yield await _STAGES[stage](settings, closing)


@dataclass(frozen=True, slots=True)
class _Extract:
    objects: ObjectStore
    extractor: Extractor


async def _extract(settings: Settings, closing: AsyncExitStack) -> Wired:
    from pipeline.adapters.docling import DoclingExtractor
    from pipeline.stages.extract import extract

    objects = Objects(settings)
    extractor = DoclingExtractor()
    closing.callback(extractor.close)
    extractor.start()
    run = partial(extract, ports=_Extract(objects, extractor))
    return Wired(run, partial(objects.clear, Bucket.PROCESSED), objects, (objects,))


async def _chunk(settings: Settings, closing: AsyncExitStack) -> Wired:
    from pipeline import tokens
    from pipeline.chunker import Chunker
    from pipeline.stages.chunk import chunk

    objects = Objects(settings)
    chunker = Chunker(tokens.load(settings.tokenizer), settings.chunk_tokens, settings.chunk_overlap)
    run = partial(chunk, objects=objects, chunker=chunker)
    return Wired(run, partial(objects.clear, Bucket.PROCESSED), objects, (objects,))


async def _embed(settings: Settings, closing: AsyncExitStack) -> Wired:
    from pipeline.adapters.embedder import Embeddings
    from pipeline.adapters.vectors import Vectors
    from pipeline.stages.embed import embed

    objects, embedder, vectors = Objects(settings), Embeddings(settings), Vectors(settings)
    closing.push_async_callback(embedder.close)
    closing.push_async_callback(vectors.close)
    with suppress(Unavailable, Malformed):  # who is away is asked again; a wrong dimension ends it here
        await embedder.embed(["dimensions"])
    run = partial(embed, objects=objects, embedder=embedder, vectors=vectors)
    return Wired(run, vectors.forget, objects, (objects, embedder, vectors))


async def _graph(settings: Settings, closing: AsyncExitStack) -> Wired:
    from pipeline.adapters.graph import Graph
    from pipeline.adapters.vectors import Vectors
    from pipeline.stages.graph import graph

    objects, store, vectors = Objects(settings), Graph(settings), Vectors(settings)
    closing.push_async_callback(store.close)
    closing.push_async_callback(vectors.close)
    run = partial(graph, objects=objects, store=store, vectors=vectors, reader=_reader(settings, closing))
    return Wired(run, lambda doc_id: store.drop(graph_name(doc_id)), objects, (objects, store, vectors))


def _reader(settings: Settings, closing: AsyncExitStack) -> EntityReader | None:
    """None without a chat model: the graph then has counted terms alone, which Cognee has no part in."""
    if settings.graph_engine == "cognee":
        from pipeline.adapters.cognee import Cognee

        cognee = Cognee(settings)
        closing.callback(cognee.close)
        cognee.start()
        return cognee

    from pipeline.adapters.llm import ChatModel
    from pipeline.entities import ModelReader

    chat = ChatModel.configured(settings)
    if chat is None:
        return None
    closing.push_async_callback(chat.close)
    return ModelReader(chat)


_STAGES: dict[str, Callable[[Settings, AsyncExitStack], Awaitable[Wired]]] = {
    "extract": _extract,
    "chunk": _chunk,
    "embed": _embed,
    "graph": _graph,
}
