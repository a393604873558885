"""A document goes with everything that was made of it, whatever it is doing, and does not come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from chain import Lab, document, eventually, opened, workers
from embeddings_stand_in import EmbeddingsStandIn

from pipeline import parts as parts_module
from pipeline import void
from pipeline.adapters.bus import Bus
from pipeline.adapters.graph import Graph
from pipeline.adapters.objects import Objects
from pipeline.adapters.vectors import Vectors
from pipeline.contract import Bucket, Chunked, Extracted, IngestExtracted, Payload, Subject
from pipeline.dead_letters import DeadLetters
from pipeline.errors import Malformed, Unavailable
from pipeline.forget import Forgotten, Known, forget, known
from pipeline.parts import Parts
from pipeline.routes import ROUTES
from pipeline.settings import Settings
from pipeline.wiring import Run, Wired
from pipeline.worker import Worker
from servers import Server

STAGES = ("chunk", "embed", "graph")
GRAPHS = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"


@pytest.fixture
async def parts(settings: Settings) -> AsyncIterator[Parts]:
    async with parts_module.opened(settings, "test") as made:
        yield made


async def sent(lab: Lab, extracted: Extracted) -> str:
    """With its original, as a file that was ingested has one."""
    await lab.objects.put(Bucket.RAW, extracted.doc_id, b"the file itself")
    return await lab.send(extracted)


async def is_gone(lab: Lab, doc_id: str) -> None:
    assert await lab.counts() == (0, 0, 0)
    assert await lab.objects.keys(Bucket.RAW, "") == []
    assert await lab.objects.keys(Bucket.PROCESSED, "") == []
    info = await lab.jetstream.stream_info("DEAD", subjects_filter=">")
    assert doc_id not in str(info.state.subjects)


async def test_everything_of_a_document_goes_and_the_same_file_can_be_sent_again(
    settings: Settings, parts: Parts, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            doc_id = await sent(lab, document())
            await lab.complete(doc_id)
            before = await lab.counts()
            assert await forget(doc_id, parts) == Forgotten(id=doc_id, chunks=6, objects=2, dead_letters=0)
            await is_gone(lab, doc_id)
            assert await lab.vectors.search("heat pump", None, 3) == []
            assert await lab.vectors.completed([doc_id]) == set()
            await sent(lab, document())
            await lab.complete(doc_id)
            await lab.idle()
            assert await lab.counts() == before


async def test_what_belongs_to_other_documents_stays(settings: Settings, parts: Parts, tmp_path: Path) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            doc_id, other = await sent(lab, document()), await sent(lab, document("Another", paragraphs=2))
            await lab.complete(doc_id, other)
        await forget(doc_id, parts)
        assert await lab.graph.select(GRAPHS) == [{"g": f"urn:lab:doc:{other}"}]
        assert (await lab.counts())[:2] == (1, 2)
        assert await lab.objects.keys(Bucket.RAW, "") == [other]
        assert [key[:64] for key in await lab.objects.keys(Bucket.PROCESSED, "")] == [other]


@pytest.mark.parametrize("stage", STAGES)
async def test_messages_that_wait_for_a_stage_are_dropped_without_a_letter(
    settings: Settings, parts: Parts, tmp_path: Path, stage: str
) -> None:
    before = STAGES[: STAGES.index(stage)]
    async with opened(settings) as lab:
        doc_id = await sent(lab, document())

        async def waits() -> bool:
            stream = "EMBED" if stage == "graph" else "INGEST"
            return (await lab.jetstream.consumer_info(stream, stage)).num_pending == 1

        with workers(settings, tmp_path, *before):
            await eventually(waits, f"a message for {stage}")
        await forget(doc_id, parts)
        with workers(settings, tmp_path, *STAGES):
            await lab.idle()
        await is_gone(lab, doc_id)
        assert await lab.alerts(stage) == []


async def test_a_stage_that_has_it_in_hand_takes_back_what_it_does(
    settings: Settings, model: EmbeddingsStandIn, parts: Parts, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        model.gate.clear()
        with workers(settings, tmp_path, *STAGES) as [_, embed, _]:
            doc_id = await sent(lab, document())
            await eventually(lambda: _entered(model), "the model has been asked")
            await forget(doc_id, parts)
            model.gate.set()
            await lab.idle()
            assert "event=forgotten" in embed.log
        await is_gone(lab, doc_id)


async def _entered(model: EmbeddingsStandIn) -> bool:
    return model.entered.is_set()


async def test_a_file_that_is_sent_again_meanwhile_is_not_taken_back(
    settings: Settings, model: EmbeddingsStandIn, parts: Parts, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        model.gate.clear()
        with workers(settings, tmp_path, *STAGES):
            doc_id = await sent(lab, document())
            await eventually(lambda: _entered(model), "the model has been asked")
            await forget(doc_id, parts)
            await sent(lab, document())
            model.gate.set()
            await lab.complete(doc_id)
            late = Chunked(doc_id=doc_id, garage_key="gone.json", chunks=())
            headers = {"Lab-Request": "1"}  # what the first request led to, delivered once more
            await lab.jetstream.publish(Subject.CHUNKED, late.model_dump_json().encode(), headers=headers)
            await lab.idle()
            assert (await lab.counts())[:2] == (1, 6)
        assert await lab.dead("embed") == []


@asynccontextmanager
async def serving(lab: Lab, parts: Parts, run: Run) -> AsyncIterator[list[str]]:
    """A worker of the chunk stage that does `run` in this process; yields what it took back."""
    taken: list[str] = []
    stop = asyncio.Event()

    async def take_back(doc_id: str) -> None:
        taken.append(doc_id)

    made = Wired(run, take_back, lab.objects, ())
    task = asyncio.create_task(Worker(ROUTES["chunk"], made, await parts.bus(), stop).serve())
    try:
        yield taken
    finally:
        stop.set()
        await task


async def test_a_stage_that_fails_for_want_of_what_was_forgotten_leaves_no_letter(
    settings: Settings, parts: Parts
) -> None:
    async def run(message: IngestExtracted) -> Payload:
        await forget(message.doc_id, parts)
        raise Malformed(f"processed/{message.garage_key}", "there is no such object")

    async with opened(settings) as lab:
        doc_id = await sent(lab, document())
        async with serving(lab, parts, run) as taken:
            await eventually(lambda: _drained(lab, "chunk"), "the message is gone")
        assert taken == [doc_id]
        assert await lab.dead("chunk") == []
        assert await lab.alerts("chunk") == []


async def test_a_stage_that_was_overtaken_publishes_what_is_void_too_and_takes_its_work_back(
    settings: Settings, parts: Parts
) -> None:
    async def run(message: IngestExtracted) -> Payload:
        await forget(message.doc_id, parts)
        return Chunked(doc_id=message.doc_id, garage_key=message.garage_key, chunks=())

    async with opened(settings) as lab:
        doc_id = await sent(lab, document())
        async with serving(lab, parts, run) as taken:
            await eventually(lambda: _drained(lab, "chunk"), "the message is gone")
        assert taken == [doc_id]
        [message] = await (await lab.jetstream.pull_subscribe_bind("embed", "INGEST")).fetch(1)
        assert void.request_of(message) == 1
        assert await void.is_void(await parts.bus(), doc_id, 1) is True
        assert await void.is_void(await parts.bus(), doc_id, message.metadata.sequence.stream) is False


async def _drained(lab: Lab, stage: str) -> bool:
    info = await lab.jetstream.consumer_info("INGEST", stage)
    return info.num_pending == info.num_ack_pending == 0 and info.delivered.stream_seq > 0


async def test_its_dead_letters_go_with_the_messages_that_they_keep(settings: Settings, parts: Parts) -> None:
    doc_id, other = document().doc_id, document("Another").doc_id
    async with opened(settings) as lab:
        letters = DeadLetters("embed", await parts.bus(), lab.objects)
        for number, which in enumerate((doc_id, doc_id, other)):
            body = b"\xff" if number == 1 else b"{}"
            await letters.bury(Subject.CHUNKED, body, which, "too heavy", 4, dedupe=f"INGEST:{number}")
        assert await known(doc_id[:8], parts) == []  # a prefix does not find what has left neither file nor row
        assert await known(doc_id, parts) == [Known(id=doc_id, title="")]
        assert await forget(doc_id, parts) == Forgotten(id=doc_id, chunks=0, objects=1, dead_letters=2)
        assert await known(doc_id, parts) == []
        assert len(await lab.dead("embed")) == 1


async def test_with_the_graph_away_nothing_is_lost_and_another_run_forgets(
    own_lab: tuple[Settings, dict[str, Server]], model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    settings, servers = own_lab
    settings = settings.model_copy(update={"litellm_url": model.url})
    async with opened(settings) as lab, parts_module.opened(settings, "test") as parts:
        with workers(settings, tmp_path, *STAGES):
            doc_id = await sent(lab, document())
            await lab.complete(doc_id)
            await lab.idle()
        servers["oxigraph"].kill()
        with pytest.raises(Unavailable, match="oxigraph"):
            await forget(doc_id, parts)
        assert len(await lab.vectors.search("heat pump", None, 3)) == 3
        assert await lab.vectors.completed([doc_id]) == {doc_id}
        servers["oxigraph"].start()
        await forget(doc_id, parts)
        await is_gone(lab, doc_id)


class NoObjects(Objects):
    """A store that goes away before the second half."""

    async def delete(self, bucket: str, key: str) -> None:
        raise Unavailable("objects", "away")


@dataclass(frozen=True)
class Halfway:
    """The stores of `whole`, but that objects cannot be deleted."""

    whole: Parts
    objects: NoObjects

    @property
    def vectors(self) -> Vectors:
        return self.whole.vectors

    @property
    def graph(self) -> Graph:
        return self.whole.graph

    async def bus(self) -> Bus:
        return await self.whole.bus()


async def test_one_that_is_half_forgotten_answers_nothing_and_another_run_takes_the_rest(
    settings: Settings, parts: Parts, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            doc_id = await sent(lab, document())
            await lab.complete(doc_id)
            await lab.idle()
        with pytest.raises(Unavailable, match="objects: away"):
            await forget(doc_id, Halfway(parts, NoObjects(settings)))
        assert await lab.vectors.search("heat pump", None, 3) == []
        assert await lab.graph.select(GRAPHS) == []
        assert await lab.vectors.completed([doc_id]) == set()
        assert await known(doc_id[:6], parts) == [Known(id=doc_id, title="")]
        assert await forget(doc_id, parts) == Forgotten(id=doc_id, chunks=0, objects=2, dead_letters=0)
        await is_gone(lab, doc_id)
        assert await known(doc_id[:6], parts) == []


async def test_a_document_is_known_by_the_beginning_of_its_id(settings: Settings, parts: Parts) -> None:
    async with opened(settings) as lab:
        await lab.objects.put(Bucket.RAW, "abcd" + "0" * 60, b"waits for the first stage")
        await lab.objects.put(Bucket.RAW, "abce" + "0" * 60, b"this one too")
        doc_id = document().doc_id
        await lab.vectors.store(document(), [], {})
        assert [one.id[:5] for one in await known("abc", parts)] == ["abcd0", "abce0"]
        assert await known("abcd", parts) == [Known(id="abcd" + "0" * 60, title="")]
        assert await known(doc_id[:10], parts) == [Known(id=doc_id, title="Heat pump manual")]
        assert await known("0" * 64, parts) == []
