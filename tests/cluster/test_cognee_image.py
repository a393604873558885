"""The graph worker with the real Cognee, in its image, over real servers; a stand-in answers for the model."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from test_images_run import ours, started

from homelab.images.store import Store
from pipeline.contract import graph_name
from pipeline.settings import Settings
from servers import answers, free_port

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

from chain import document, environment, opened, workers
from embeddings_stand_in import embeddings_stand_in

from chat_stand_in import ChatStandIn, Reply, chat_stand_in

pytestmark = pytest.mark.timeout(1800)  # an image is built where it is not

__all__ = ["ours"]  # the fixture

KEY = "sk-of-tests-only"
TRIPLES = "SELECT ?s ?p ?o WHERE { GRAPH <%s> { ?s ?p ?o } } ORDER BY ?s ?p ?o"
PUMP, TANK, DAY = (f"urn:lab:entity:{name}" for name in ("heat-pump", "buffer-tank", "2024-05-09"))
GRAPH = json.dumps(
    {
        "nodes": [
            {"id": "heat_pump", "name": "Heat pump", "type": "Product", "description": "It warms the house."},
            {"id": "buffer_tank", "name": "Buffer tank", "type": "Device", "description": "It holds water."},
            {"id": "2024-05-09", "name": "2024-05-09", "type": "Timestamp", "description": "A day."},
        ],
        "edges": [
            {"source_node_id": "heat_pump", "target_node_id": "buffer_tank", "relationship_name": "feeds_into"},
            {"source_node_id": "heat_pump", "target_node_id": "2024-05-09", "relationship_name": "installed_at"},
        ],
    }
)


@contextmanager
def graph_worker(ours: Store, settings: Settings, model: ChatStandIn, folder: Path) -> Iterator[None]:
    """As phase 2 runs it: the key in a mounted file, nothing writable but memory."""
    folder.mkdir()
    key, port = folder / "key", free_port()
    key.write_text(KEY)
    own = {name: value for name, value in environment(settings).items() if name not in os.environ}
    env = {
        **own,
        "LAB_OBJECTS": "file:///objects",
        "LAB_LITELLM_URL": model.url,
        "LAB_CHAT_MODEL": "chat",
        "LAB_GRAPH_ENGINE": "cognee",
        "LAB_SECRETS_DIR": "/run/lab",
        "LAB_HEALTH_PORT": str(port),
    }
    objects = Path(unquote(urlsplit(settings.objects).path))
    configs = {"/objects": objects, "/run/lab/lab_litellm_key": key}
    ready = f"http://127.0.0.1:{port}/ready"
    with started(ours, "cognee", folder, lambda: answers(ready), env=env, configs=configs):
        yield


async def test_cognees_entities_and_relations_come_out_and_twice_the_same(
    ours: Store, lab: Settings, tmp_path: Path
) -> None:
    replies = [Reply("no graph"), Reply(GRAPH), Reply(GRAPH)]
    with embeddings_stand_in() as embeddings, chat_stand_in(*replies) as model:
        settings = lab.model_copy(update={"litellm_url": embeddings.url})
        async with opened(settings) as over:
            with (
                workers(settings, tmp_path, "chunk", "embed"),
                graph_worker(ours, settings, model, tmp_path / "cognee"),
            ):
                found = []
                for _ in range(2):
                    doc_id = await over.send(document())
                    await over.complete(doc_id, patience=300)
                    await over.idle()
                    found.append(await over.graph.select(TRIPLES % graph_name(doc_id)))
    first, second = found
    assert first == second
    stated = {(row["s"], row["p"], row["o"]) for row in first}
    this = graph_name(doc_id)
    assert stated >= {
        (this, "https://schema.org/mentions", PUMP),
        (PUMP, "http://www.w3.org/2004/02/skos/core#prefLabel", "Heat pump"),
        (PUMP, "urn:lab:kind", "product"),
        (TANK, "urn:lab:kind", "product"),
        (DAY, "urn:lab:kind", "other"),
        (PUMP, "urn:lab:relation:feedsInto", TANK),
        (PUMP, "urn:lab:relation:installedAt", DAY),
        (this, "urn:lab:modelRead", "1 of 1 windows"),
    }
    assert not [predicate for _, predicate, _ in stated if predicate == "urn:lab:modelFailure"]
    _asked_as_cognee_asks(model)
    said = (tmp_path / "cognee/output").read_text()
    assert KEY not in said
    assert "heat pump" not in said.casefold()


def _asked_as_cognee_asks(model: ChatStandIn) -> None:
    """Three questions: the first answer was no graph, and Cognee had it mended."""
    assert len(model.requests) == 3
    assert set(model.authorizations) == {f"Bearer {KEY}"}
    for request in model.requests:
        assert (request["model"], request["temperature"], request["max_tokens"]) == ("chat", 0, 2048)
        assert request["response_format"] == {"type": "json_object"}
        system, passage = request["messages"]
        assert "build a knowledge graph" in system["content"]
        assert "The heat pump in cellar 0 feeds the buffer tank." in passage["content"]
    assert "failed validation" in model.requests[1]["messages"][1]["content"]


async def test_a_model_that_refuses_or_fails_holds_the_document_and_the_worker_says_so_each_time(
    ours: Store, lab: Settings, tmp_path: Path
) -> None:
    replies = [failure(401, "no such key"), failure(503, "loading"), Reply(GRAPH)]
    with embeddings_stand_in() as embeddings, chat_stand_in(*replies) as model:
        settings = lab.model_copy(update={"litellm_url": embeddings.url})
        async with opened(settings) as over:
            with (
                workers(settings, tmp_path, "chunk", "embed"),
                graph_worker(ours, settings, model, tmp_path / "cognee"),
            ):
                await over.complete(await over.send(document()), patience=300)
            assert await over.dead("graph") == []
    said = (tmp_path / "cognee/output").read_text()
    refused, failed = (line for line in said.splitlines() if "event=waiting" in line)
    assert "chat model: 401" in refused
    assert "chat model: 503" in failed
    assert KEY not in said


def failure(status: int, message: str) -> Reply:
    return Reply(status=status, body=json.dumps({"error": {"message": message, "code": str(status)}}))
