"""LiteLLM between our workers and the models: what goes through, what it costs, and how it ends."""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from litellm_process import KEY, chat, litellm
from openai_stand_in import PIECES, StandIn, openai_stand_in

from embedder import bench
from homelab.lab import Models
from servers import Server, answers, free_port

FLOOR_MIB = 768
"""LiteLLM's floor in the budget."""

WITH_KEY = {"authorization": f"Bearer {KEY}"}
QUESTION = {"model": "chat", "messages": [{"role": "user", "content": "How much?"}]}


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("embedder") / "embedder.log"
    command = [sys.executable, "-m", "embedder", "--port", str(port)]
    server = Server("embedder", command, port, lambda: answers(f"{url}/health"), log, url=url)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def upstream() -> Iterator[StandIn]:
    with openai_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, embedder: Server, upstream: StandIn) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("litellm")
    key = folder / "chat.key"
    key.touch(0o600)
    models = chat(upstream.url, "well", key)
    with litellm(folder, models, embedder_url=f"{embedder.url}/v1") as server:
        yield server


@pytest.fixture
def client(proxy: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, headers=WITH_KEY, timeout=30) as client:
        yield client


def embed(client: httpx.Client, texts: list[str], encoding: str | None = "base64") -> httpx.Response:
    body = {"model": "embed", "input": texts}
    return client.post("/v1/embeddings", json=body | ({"encoding_format": encoding} if encoding else {}))


def test_vectors_come_through_unchanged_in_either_encoding(client: httpx.Client, embedder: Server) -> None:
    texts = ["one", "and another, longer text"]
    direct = httpx.post(f"{embedder.url}/v1/embeddings", json={"model": "all-MiniLM-L6-v2", "input": texts})
    expected = [item["embedding"] for item in direct.json()["data"]]
    as_floats = [item["embedding"] for item in embed(client, texts, "float").json()["data"]]
    by_default = [item["embedding"] for item in embed(client, texts, None).json()["data"]]
    encoded = [item["embedding"] for item in embed(client, texts).json()["data"]]
    assert as_floats == expected
    assert by_default == expected
    assert [np.frombuffer(base64.b64decode(text), "<f4").tolist() for text in encoded] == expected


def test_a_chat_comes_through_whole(client: httpx.Client, upstream: StandIn) -> None:
    answer = client.post("/v1/chat/completions", json=QUESTION).json()
    assert answer["choices"][0]["message"]["content"] == "Four GiB."
    assert upstream.requests[-1]["messages"] == QUESTION["messages"]
    assert upstream.authorizations[-1] == "Bearer of the chat model"


def test_a_chat_comes_through_in_the_pieces_in_which_it_is_made(client: httpx.Client) -> None:
    with client.stream("POST", "/v1/chat/completions", json=QUESTION | {"stream": True}) as response:
        lines = [line for line in response.iter_lines() if line]
    assert [piece for piece in PIECES if any(f'"content":"{piece}"' in line for line in lines)] == list(PIECES)
    assert lines[-1] == "data: [DONE]"


def test_a_schema_for_the_answer_reaches_the_model(client: httpx.Client, upstream: StandIn) -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    client.post("/v1/chat/completions", json=QUESTION | {"response_format": schema}).raise_for_status()
    assert upstream.requests[-1]["response_format"] == schema


def test_the_first_request_after_the_embedder_is_back_succeeds(client: httpx.Client, embedder: Server) -> None:
    assert embed(client, ["before"]).status_code == 200
    embedder.kill()
    assert [embed(client, ["while it is away"]).status_code for _ in range(6)] == [500] * 6
    embedder.start()
    assert embed(client, ["after"]).status_code == 200


def test_a_refusal_of_the_embedder_keeps_its_reason(client: httpx.Client) -> None:
    response = embed(client, ["fine", ""])
    assert response.status_code == 400
    assert "input: item 1 is empty" in response.json()["error"]["message"]


def test_liveness_and_readiness_need_no_key(proxy: Server) -> None:
    assert httpx.get(f"{proxy.url}/health/liveliness").status_code == 200
    assert httpx.get(f"{proxy.url}/health/readiness").json()["status"] == "healthy"


def test_500_requests_leave_it_within_its_floor(client: httpx.Client, proxy: Server) -> None:
    for _ in range(500):
        assert embed(client, ["a short text"]).status_code == 200
    assert proxy.process is not None
    assert bench.proportional_mib(proxy.process.pid) < FLOOR_MIB


def test_the_proxy_adds_little_to_the_embedders_work_on_a_batch_of_32(
    client: httpx.Client, proxy: Server, embedder: Server
) -> None:
    """In seconds of CPU, whatever the processor: 6 % were measured."""
    assert proxy.process is not None
    assert embedder.process is not None
    both = [psutil.Process(process.pid) for process in (proxy.process, embedder.process)]
    texts = [bench.chunk(number, 128) for number in range(32)]
    embed(client, texts)
    before = [sum(process.cpu_times()[:2]) for process in both]
    embed(client, texts)
    passing, computing = (sum(process.cpu_times()[:2]) - then for process, then in zip(both, before, strict=True))
    assert passing < computing / 4


def test_it_listens_on_loopback_only(proxy: Server) -> None:
    assert proxy.process is not None
    listening = [
        connection.laddr
        for connection in psutil.Process(proxy.process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == [("127.0.0.1", proxy.port)]


def test_its_log_holds_no_key(client: httpx.Client, proxy: Server) -> None:
    embed(client, [""])
    httpx.get(f"{proxy.url}/v1/models", headers={"authorization": "Bearer sk-somebody-elses"})
    log = proxy.log.read_text("utf-8")
    assert "/v1/models" in log
    assert KEY not in log
    assert "sk-somebody-elses" not in log


def test_it_ends_with_exit_code_0_on_sigterm(tmp_path: Path) -> None:
    with litellm(tmp_path, Models()) as server:
        process = server.process
        assert process is not None
        server.stop()
        assert process.returncode == 0
