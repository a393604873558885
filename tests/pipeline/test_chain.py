"""A document's way from extracted text to a complete one, through real workers over real servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain import document, opened, workers
from embeddings_stand_in import EmbeddingsStandIn, embeddings_stand_in

from pipeline.settings import Settings

STAGES = ("chunk", "embed", "graph")


@pytest.fixture
def model() -> Iterator[EmbeddingsStandIn]:
    with embeddings_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def settings(lab: Settings, model: EmbeddingsStandIn) -> Settings:
    return lab.model_copy(update={"litellm_url": model.url})


async def test_a_document_becomes_rows_and_triples_and_is_complete(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            doc_id = await lab.send(document(paragraphs=6))
            await lab.complete(doc_id)
            found = await lab.vectors.search("Which one holds 500 litres?", None, 3)
            await lab.idle()
        documents, chunks, triples = await lab.counts()
    assert (documents, chunks) == (1, 6)
    assert triples > 30
    assert model.texts[0].startswith("Heat pump manual › Part 0\nThe heat pump in cellar 0 feeds")
    assert found[0].title == "Heat pump manual"
    assert (found[0].page, found[0].heading) == (3, "Part 2")


async def test_the_same_document_again_adds_nothing_and_asks_the_model_nothing(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            await lab.complete(await lab.send(document()))
            await lab.idle()
            before, asked = await lab.counts(), len(model.texts)
            await lab.send(document())
            await lab.send(document())
            await lab.idle()
        after = await lab.counts()
    assert after == before
    assert len(model.texts) == asked
