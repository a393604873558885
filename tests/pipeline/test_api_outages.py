"""The API while Postgres, NATS, the graph or everything is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from api_process import QUESTION, Platform, is_problem, platform, serving

from pipeline.settings import Settings
from servers import Server, free_port, until


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(lab.settings, tmp_path_factory.mktemp("api") / "api.log") as client:
        yield client


@contextmanager
def without(server: Server) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()


def test_with_postgres_away_a_known_question_is_answered_from_memory(api: httpx.Client, lab: Platform) -> None:
    known = api.post("/v1/ask", json={"question": QUESTION}).json()
    with without(lab.postgres):
        kept = api.post("/v1/ask", json={"question": QUESTION}).json()
        assert kept["answer"] == known["answer"]
        assert kept["degraded"][0] == "the database does not answer: this answer is 0 min old"
        response = api.post("/v1/ask", json={"question": "Something else?"})
        is_problem(response, 503, "postgres: ")
        assert response.headers["retry-after"] == "5"
        is_problem(api.get("/ready"), 503, "postgres: ")
        status = api.get("/v1/status").json()
        assert status["counts"]["documents"] is None
        assert status["problems"][0].startswith("postgres: ")
    until(lambda: api.get("/ready").is_success, "ready again by itself")


def test_a_graph_that_does_not_answer_costs_two_seconds_and_its_facts(api: httpx.Client, lab: Platform) -> None:
    process = lab.oxigraph.process
    assert process is not None
    process.send_signal(19)  # SIGSTOP: it takes connections and says nothing
    try:
        began = time.monotonic()
        answer = api.post("/v1/ask", json={"question": QUESTION}).json()
        assert time.monotonic() - began < 8
    finally:
        process.send_signal(18)
    assert "74 minutes" in answer["answer"]
    assert "the graph does not answer in time: no related facts" in answer["degraded"]


def test_with_nats_away_questions_are_answered_and_uploads_are_not(api: httpx.Client, lab: Platform) -> None:
    with without(lab.nats):
        assert api.post("/v1/ask", json={"question": QUESTION}).is_success
        upload = api.post("/v1/documents", params={"filename": "later.txt"}, content=b"Come again later.")
        is_problem(upload, 503, "nats: ")
    until(lambda: api.get("/v1/status").json()["problems"] == [], "status complete again")


def test_it_starts_and_says_that_it_is_not_ready_while_everything_is_away(tmp_path: Path) -> None:
    away = free_port()
    settings = Settings(
        nats_url=f"nats://127.0.0.1:{away}",
        postgres_port=away,
        oxigraph_url=f"http://127.0.0.1:{away}",
        litellm_url=f"http://127.0.0.1:{away}",
        objects=(tmp_path / quote("objects")).as_uri(),
        api_port=free_port(),
    )
    with serving(settings, tmp_path / "api.log") as client:
        is_problem(client.get("/ready"), 503, "postgres: ")
        assert len(client.get("/v1/status").json()["problems"]) == 3
