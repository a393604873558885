"""A document's way from extracted text to a complete one, through real workers over real servers."""

from pathlib import Path

from chain import document, opened, workers
from embedder_process import MODEL, embedder
from embeddings_stand_in import EmbeddingsStandIn

from pipeline.adapters.embedder import Embeddings
from pipeline.contract import Bucket, IngestRequested, Metadata, Subject, document_id
from pipeline.settings import Settings

STAGES = ("chunk", "embed", "graph")


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


async def test_a_file_goes_through_all_stages_with_the_real_model_and_is_found_by_its_meaning(
    lab: Settings, tmp_path: Path
) -> None:
    raw = (
        b"# Garden\n\nThe roses are cut back in March, before new shoots appear.\n\n"
        b"# Cellar\n\nThe freezer defrosts itself every two weeks; its alarm is muted by the blue button.\n"
    )
    doc_id = document_id(raw)
    metadata = Metadata(filename="house.md", media_type="text/markdown", size=len(raw))
    request = IngestRequested(doc_id=doc_id, source_uri="file:///house.md", metadata=metadata)
    with embedder(tmp_path, threads=1) as server:
        settings = lab.model_copy(update={"litellm_url": server.url, "embed_model": MODEL})
        async with opened(settings) as opened_lab:
            await opened_lab.objects.put(Bucket.RAW, doc_id, raw)
            with workers(settings, tmp_path, "extract", *STAGES):
                await opened_lab.jetstream.publish(Subject.INGEST_REQUESTED, request.model_dump_json().encode())
                await opened_lab.complete(doc_id)
            adapter = Embeddings(settings)
            question = "When should I prune my plants?"
            [vector] = await adapter.embed([question])
            [best, *_] = await opened_lab.vectors.search(question, vector, 2)
            await adapter.close()
            assert best.text.startswith("The roses are cut back in March")
            assert best.heading == "Garden"
            rows = await opened_lab.graph.select(
                "SELECT ?t WHERE { ?s <http://purl.org/dc/terms/title> ?t ; <https://schema.org/isPartOf> ?d }"
            )
            assert {row["t"] for row in rows} == {"Garden", "Cellar"}
