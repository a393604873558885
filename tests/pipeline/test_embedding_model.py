"""Vectors of one embedding model: those of another of the same length are never stored beside them."""

from contextlib import AbstractAsyncContextManager

import pytest
from chain import document, vector_store
from embeddings_stand_in import vector_of

from pipeline.adapters.vectors import Vectors
from pipeline.contract import Chunk, chunk_id
from pipeline.errors import Misconfigured
from pipeline.settings import Settings


def one_chunk(doc_id: str, text: str) -> tuple[list[Chunk], dict[str, list[float]]]:
    chunk = Chunk(chunk_id=chunk_id(doc_id, 0, text), index=0, text=text)
    return [chunk], {chunk.chunk_id: vector_of(text)}


def made_by(lab: Settings, model: str) -> AbstractAsyncContextManager[Vectors]:
    return vector_store(lab.model_copy(update={"embed_identity": model}))


async def test_vectors_of_another_model_of_the_same_length_are_refused(lab: Settings) -> None:
    async with made_by(lab, "minilm") as first, made_by(lab, "bge-small") as other:
        await first.create()
        extracted = document()
        await first.store(extracted, *one_chunk(extracted.doc_id, "alpha"))
        said = (
            "the table `embeddings` holds vectors of minilm, and bge-small is to make more: they cannot be "
            "compared; take minilm again, or begin with an empty database"
        )
        for refused in (
            other.create(),
            other.check(),
            other.add(extracted.doc_id, *one_chunk(extracted.doc_id, "beta")),
        ):
            with pytest.raises(Misconfigured) as refusal:
                await refused
            assert refusal.value.reason == said
        await first.check()
        assert await first.counts() == {"documents": 1, "chunks": 1, "embeddings": 1}


async def test_tables_without_vectors_take_another_model(lab: Settings) -> None:
    for model in ("minilm", "bge-small"):
        async with made_by(lab, model) as store:
            await store.create()
            await store.check()


async def test_vectors_from_before_models_were_noted_are_taken_for_the_models_of_today(lab: Settings) -> None:
    extracted = document()
    async with vector_store(lab) as before:
        await before.create()
        await before.store(extracted, *one_chunk(extracted.doc_id, "alpha"))
    async with made_by(lab, "minilm") as today, made_by(lab, "bge-small") as other:
        await today.create()
        with pytest.raises(Misconfigured, match="holds vectors of minilm"):
            await other.create()
