"""Workers and servers die, models refuse, messages are nonsense: nothing is lost, nothing counts twice."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from chain import Lab, document, eventually, opened, worker, workers
from embeddings_stand_in import EmbeddingsStandIn

from pipeline.contract import Alert, Chunk, Chunked, DeadLetter, Subject
from pipeline.routes import ACK_WAIT, ROUTES
from pipeline.settings import Settings
from servers import Server, until

STAGES = ("chunk", "embed", "graph")


def _is_set(model: EmbeddingsStandIn) -> Callable[[], Awaitable[bool]]:
    async def asked() -> bool:
        return model.entered.is_set()

    return asked


def _buried(lab: Lab, stage: str) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return bool(await lab.dead(stage)) and bool(await lab.alerts(stage))

    return there


def _not_ready(url: str) -> str:
    response = httpx.get(url, timeout=10)
    assert response.status_code == 503
    return response.text


async def _undisturbed(lab: Lab, folder: Path) -> tuple[int, int, int]:
    """The counts that a run without any failure leaves; the stores are empty again afterwards."""
    with workers(lab.settings, folder, *STAGES):
        doc_id = await lab.send(document())
        await lab.complete(doc_id)
        await lab.idle()
    counts = await lab.counts()
    await lab.vectors.forget(doc_id)
    await lab.graph.drop(f"urn:lab:doc:{doc_id}")
    return counts


async def test_a_worker_killed_in_mid_document_is_replaced_within_ten_seconds_with_the_same_result(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        expected = await _undisturbed(lab, tmp_path)
        model.gate.clear()
        model.entered.clear()
        with workers(settings, tmp_path, *STAGES) as [_, embed, _]:
            doc_id = await lab.send(document())
            await eventually(_is_set(model), "the model has been asked")
            embed.kill()
            killed = time.monotonic()
            model.gate.set()
            with worker("embed", settings, tmp_path):
                await lab.complete(doc_id)
                took = time.monotonic() - killed
                await lab.idle()
        assert await lab.counts() == expected
    assert took < 10


async def test_a_worker_that_is_told_to_end_gives_its_message_back_and_exits_with_0(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        model.gate.clear()
        with workers(settings, tmp_path, *STAGES) as [_, embed, _]:
            doc_id = await lab.send(document())
            await eventually(_is_set(model), "the model has been asked")
            assert embed.end() == 0
            assert "event=given-back" in embed.log
            reader = await lab.jetstream.pull_subscribe_bind("embed", "INGEST")
            [message] = await reader.fetch(1, timeout=ACK_WAIT / 3)  # given back, not waited out
            assert Chunked.model_validate_json(message.data).doc_id == doc_id
            model.gate.set()


@pytest.mark.parametrize(
    ("stage", "body", "reason"),
    [
        ("chunk", b'{"doc_id": "x"}', "malformed message: garage_key: Field required"),
        ("embed", b"\xff\xfe", "malformed message: message: Invalid JSON: expected value at line 1 column 1"),
        ("graph", b'{"doc_id":"x","garage_key":"gone.json","chunks":1}', "there is no object processed/gone.json"),
    ],
)
async def test_a_malformed_message_is_dead_lettered_at_once_with_its_reason_and_an_alert(
    settings: Settings, tmp_path: Path, stage: str, body: bytes, reason: str
) -> None:
    async with opened(settings) as lab:
        with worker(stage, settings, tmp_path):
            await lab.jetstream.publish(ROUTES[stage].consumes, body)
            await eventually(_buried(lab, stage), "a dead letter")
            await lab.idle()
        [letter] = [DeadLetter.model_validate_json(each) for each in await lab.dead(stage)]
        [alert] = [Alert.model_validate_json(each) for each in await lab.alerts(stage)]
        assert (letter.reason, letter.deliveries, letter.subject) == (reason, 1, ROUTES[stage].consumes)
        assert alert.reason == reason
        kept = (
            letter.payload.encode()
            if letter.payload
            else await lab.objects.get("processed", letter.payload_key or "")
        )
        assert kept == body


async def test_a_message_that_ended_too_many_workers_is_dead_lettered_before_it_ends_another(
    settings: Settings, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        doc_id = await lab.send(document())
        reader = await lab.jetstream.pull_subscribe_bind("chunk", "INGEST")
        for _ in range(ROUTES["chunk"].deliveries):
            [message] = await reader.fetch(1)
            await message.nak()
        with worker("chunk", settings, tmp_path):
            await eventually(_buried(lab, "chunk"), "a dead letter")
        [letter] = [DeadLetter.model_validate_json(each) for each in await lab.dead("chunk")]
        assert (letter.doc_id, letter.reason) == (doc_id, "16 workers ended over it without a word")


async def test_documents_wait_while_the_model_fails_and_are_not_lost(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    model.failures = [(429, "slow down", {"retry-after": "1"}), (503, "loading", {}), (500, "oops", {})]
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES) as [_, embed, _]:
            doc_id = await lab.send(document())
            await lab.complete(doc_id)
            assert [line.split("tried=")[1][:1] for line in embed.log.splitlines() if "event=waiting" in line] == [
                "1",  # 429
                "1",  # away
                "2",
            ]
        assert await lab.dead("embed") == []


async def test_a_model_of_another_dimension_stops_the_worker_and_writes_nothing(
    settings: Settings, model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        model.dimensions = 8
        with workers(settings, tmp_path, "chunk", "embed", wait=False) as [_, embed]:
            await lab.send(document())
            until(lambda: embed.popen.poll() is not None, "the worker has ended")
        assert embed.popen.returncode == 1
        assert "'embed' gives 8 dimensions, LAB_EMBED_DIMENSIONS=384" in embed.log
        assert "Traceback" not in embed.log
        assert (await lab.counts())[:2] == (0, 0)


async def test_a_table_of_another_dimension_stops_the_worker_and_writes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    other = settings.model_copy(update={"embed_dimensions": 8})
    async with opened(settings) as lab:
        with workers(other, tmp_path, "embed", wait=False) as [embed]:
            until(lambda: embed.popen.poll() is not None, "the worker has ended")
        assert embed.popen.returncode == 1
        assert "LAB_EMBED_DIMENSIONS=8" in embed.log
        assert (await lab.counts())[:2] == (0, 0)


async def test_chunks_too_many_for_a_message_travel_as_an_object(settings: Settings, tmp_path: Path) -> None:
    chunks = [Chunk(chunk_id=str(number), index=number, text="x") for number in range(3)]
    both = Chunked(doc_id="d", garage_key="k", chunks=tuple(chunks), chunks_key="also.json")
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES):
            doc_id = await lab.send(document(paragraphs=3000))
            await lab.complete(doc_id)
            assert (await lab.vectors.counts())["chunks"] == 3000
            doc_id = await lab.send(document("Another", paragraphs=2))
            await lab.complete(doc_id)
            await lab.jetstream.publish(Subject.CHUNKED, both.model_dump_json().encode())
            await eventually(_buried(lab, "embed"), "a dead letter")


async def test_everything_goes_on_after_nats_was_killed_and_started_again(
    own_lab: tuple[Settings, dict[str, Server]], model: EmbeddingsStandIn, tmp_path: Path
) -> None:
    settings, servers = own_lab
    settings = settings.model_copy(update={"litellm_url": model.url})
    async with opened(settings) as lab:
        model.gate.clear()
        with workers(settings, tmp_path, *STAGES) as processes:
            doc_id = await lab.send(document())
            await eventually(_is_set(model), "the model has been asked")
            servers["nats"].kill()
            model.gate.set()
            servers["nats"].start()
            await lab.complete(doc_id)
            servers["nats"].restart()
            second = await lab.send(document("Another"))
            await lab.complete(second)
            await lab.idle()
            assert all(process.popen.poll() is None for process in processes)
        assert (await lab.counts())[:2] == (2, 12)


async def test_the_graph_waits_for_oxigraph_and_the_worker_tells_that_it_is_not_ready(
    own_lab: tuple[Settings, dict[str, Server]], tmp_path: Path, model: EmbeddingsStandIn
) -> None:
    settings, servers = own_lab
    settings = settings.model_copy(update={"litellm_url": model.url})
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *STAGES) as [_, _, graph]:
            servers["oxigraph"].kill()
            assert "oxigraph" in _not_ready(graph.ready)
            doc_id = await lab.send(document())
            until(lambda: "event=waiting" in graph.log, "the worker waits")
            servers["oxigraph"].start()
            await lab.complete(doc_id)
            assert await lab.graph.count() > 30


async def test_a_dead_letter_keeps_what_is_too_large_to_travel(settings: Settings, tmp_path: Path) -> None:
    body = b'{"doc_id": "%s"}' % (b"x" * 600_000)
    async with opened(settings) as lab:
        with worker("graph", settings, tmp_path):
            await lab.jetstream.publish(Subject.EMBED_COMPLETED, body)
            await eventually(_buried(lab, "graph"), "a dead letter")
        [letter] = [DeadLetter.model_validate_json(each) for each in await lab.dead("graph")]
        assert letter.payload is None
        assert await lab.objects.get("processed", letter.payload_key or "") == body
