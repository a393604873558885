"""Questions, uploads, SPARQL and status over HTTP, and who may not ask."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from api_process import QUESTION, SAMPLES, Platform, is_problem, platform, serving

from pipeline.adapters.bus import Bus
from pipeline.adapters.objects import Objects
from pipeline.contract import IngestRequested, Metadata, Subject, document_id
from pipeline.dead_letters import DeadLetters
from pipeline.settings import Settings


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(lab.settings, tmp_path_factory.mktemp("api") / "api.log") as client:
        yield client


def test_a_question_is_answered_with_its_passages(api: httpx.Client) -> None:
    answer = api.post("/v1/ask", json={"question": QUESTION}).json()
    assert "74 minutes" in answer["answer"]
    assert answer["degraded"] == ["no language model: quoted, not synthesised"]
    assert set(answer["passages"][0]) == {"text", "score", "document", "uri", "page", "heading"}
    assert answer["passages"][0]["document"] == "Power and shutdown plan"
    assert answer["passages"][0]["heading"] == "How long the batteries last"
    assert answer["facts"] == []


def test_the_same_answer_comes_as_events(api: httpx.Client) -> None:
    with api.stream("POST", "/v1/ask/stream", json={"question": QUESTION}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = list(response.iter_lines())
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert kinds == ["passages", "answer"]
    assert data[0]["answer"] is None
    assert "74 minutes" in data[1]["answer"]


def test_searches_by_address_and_by_body_find_the_same(api: httpx.Client) -> None:
    by_address = api.get("/v1/search", params={"q": "VLAN of guests", "limit": 2}).json()
    by_body = api.post("/v1/search", json={"text": "VLAN of guests", "limit": 2}).json()
    assert by_address == by_body
    assert [passage["document"] for passage in by_body["passages"]] == ["The network at home"] * 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "body.question: Field required"),
        ({"question": ""}, "body.question: String should have at least 1 character"),
        ({"question": "x" * 2001}, "body.question: String should have at most 2000 characters"),
        ({"question": "x", "limit": 51}, "body.limit: Input should be less than or equal to 50"),
        ({"question": "x", "model": "y"}, "body.model: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_question_is_refused_by_its_rule(api: httpx.Client, body: dict[str, object], said: str) -> None:
    is_problem(api.post("/v1/ask", json=body), 422, said)


def test_an_endless_body_is_cut_off(api: httpx.Client) -> None:
    response = api.post("/v1/ask", json={"question": "x" * 100_000})
    assert (response.status_code, response.text) == (413, "Content Too Large")


def test_an_unknown_address_is_a_problem_too(api: httpx.Client) -> None:
    is_problem(api.get("/v1/nothing"), 404, "Not Found")


def test_an_upload_is_stored_and_on_its_way(api: httpx.Client) -> None:
    body = b"The pump in the cellar runs for four minutes.\n"
    response = api.post("/v1/documents", params={"filename": "pump.txt"}, content=body)
    assert response.status_code == 202, response.text
    assert response.json() == {"id": document_id(body), "state": "accepted"}
    assert api.get(response.headers["location"]).json() == {"id": document_id(body), "state": "accepted"}


def test_a_document_that_is_there_is_complete_at_once(api: httpx.Client) -> None:
    body = (SAMPLES / "power.md").read_bytes()
    response = api.post("/v1/documents", params={"filename": "power.md"}, content=body)
    assert response.json() == {"id": document_id(body), "state": "complete"}


def test_an_upload_above_the_limit_is_refused_while_it_arrives(api: httpx.Client) -> None:
    connection = http.client.HTTPConnection(api.base_url.host, api.base_url.port, timeout=20)
    connection.putrequest("POST", "/v1/documents?filename=endless.txt")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(17):  # 64 KiB each; the body is never ended
        connection.send(piece)
    response = connection.getresponse()
    assert response.status == 413
    assert json.load(response)["detail"] == "documents have at most 1 MiB"
    connection.close()


def test_an_upload_that_declares_too_much_is_refused_before_it_is_sent(api: httpx.Client) -> None:
    response = api.post("/v1/documents", params={"filename": "big.txt"}, content=b"x" * (1024**2 + 1))
    is_problem(response, 413, "documents have at most 1 MiB")


@pytest.mark.parametrize(("body", "said"), [(b"", "it is empty"), (b"\x7fELF\x02\x01\x01" + bytes(64), "")])
def test_an_upload_that_is_no_document_is_refused_by_name(api: httpx.Client, body: bytes, said: str) -> None:
    is_problem(api.post("/v1/documents", params={"filename": "thing.pdf"}, content=body), 422, said)


def test_a_document_that_was_never_seen_is_not_found(api: httpx.Client) -> None:
    is_problem(api.get(f"/v1/documents/{'0' * 64}"), 404, "no such document")
    is_problem(api.get("/v1/documents/power.md"), 422, "path.doc_id")


def test_sparql_reads_and_does_not_write(api: httpx.Client, lab: Platform) -> None:
    triple = "<urn:lab:a> <urn:lab:b> 'c'"
    update = f"INSERT DATA {{ GRAPH <urn:lab:doc:x> {{ {triple} }} }}"
    kind = {"Content-Type": "application/sparql-update"}
    httpx.post(f"{lab.settings.oxigraph_url}/update", content=update, headers=kind).raise_for_status()
    rows = api.post("/v1/sparql", json={"query": "SELECT ?o WHERE { GRAPH ?g { <urn:lab:a> ?p ?o } }"})
    assert rows.json() == [{"o": "c"}]
    is_problem(api.post("/v1/sparql", json={"query": "DROP ALL"}), 422, "")
    assert api.post("/v1/sparql", json={"query": "ASK { GRAPH ?g { ?s ?p ?o } }"}).json() == [{"boolean": "true"}]


def test_status_counts_what_is_stored_and_lists_the_streams(api: httpx.Client) -> None:
    status = api.get("/v1/status").json()
    assert [stream["name"] for stream in status["streams"]] == ["INGEST", "EMBED", "KG", "TELEMETRY", "DEAD"]
    assert status["counts"]["documents"] == 2
    assert status["counts"]["chunks"] == status["counts"]["embeddings"] > 5
    assert status["counts"]["dead_letters"] == 0
    assert status["problems"] == []


async def give_up(settings: Settings, body: bytes, *reasons: str) -> None:
    """What a worker does with a request that no retry helps, once for each reason."""
    metadata = Metadata(filename="boiler.txt", media_type="text/plain", size=len(body))
    request = IngestRequested(doc_id=document_id(body), source_uri="upload:boiler.txt", metadata=metadata)
    bus = await Bus.connect(settings, "a-worker")
    try:
        letters = DeadLetters("extract", bus, Objects(settings))
        for reason in reasons:
            raw = request.model_dump_json().encode()
            await letters.bury(Subject.INGEST_REQUESTED, raw, request.doc_id, reason, 4, dedupe=reason)
    finally:
        await bus.close()


def test_a_document_that_was_given_up_says_why(api: httpx.Client, lab: Platform) -> None:
    body = b"The boiler in the attic was never read to its end.\n"
    uploaded = api.post("/v1/documents", params={"filename": "boiler.txt"}, content=body)
    asyncio.run(give_up(lab.settings, body, "it took too long", "it took too long again"))
    said = api.get(uploaded.headers["location"]).json()
    assert datetime.now(UTC) - datetime.fromisoformat(said.pop("failed_at")) < timedelta(minutes=1)
    reason = "it took too long again"
    assert said == {"id": document_id(body), "state": "dead-lettered", "stage": "extract", "reason": reason}


def test_a_document_is_found_by_the_beginning_of_its_id_and_forgotten(api: httpx.Client) -> None:
    body = b"The gate opens at seven.\n"
    doc_id = document_id(body)
    api.post("/v1/documents", params={"filename": "gate.txt"}, content=body)
    assert api.get("/v1/documents", params={"prefix": doc_id[:6]}).json() == [{"id": doc_id, "title": ""}]
    gone = api.delete(f"/v1/documents/{doc_id}")
    assert (gone.status_code, gone.json()) == (200, {"id": doc_id, "chunks": 0, "objects": 1, "dead_letters": 0})
    assert api.get("/v1/documents", params={"prefix": doc_id[:6]}).json() == []
    is_problem(api.get(f"/v1/documents/{doc_id}"), 404, "no such document")
    is_problem(api.delete(f"/v1/documents/{doc_id}"), 404, "no such document")


@pytest.mark.parametrize("prefix", ["abc", "power.md", "ABCD", "0" * 65])
def test_what_is_no_beginning_of_an_id_is_refused(api: httpx.Client, prefix: str) -> None:
    is_problem(api.get("/v1/documents", params={"prefix": prefix}), 422, "query.prefix")


def test_a_dead_letter_is_listed_shown_replayed_and_purged(api: httpx.Client, lab: Platform) -> None:
    body = b"The oven was never read to its end.\n"
    before = [letter["number"] for letter in api.get("/v1/dead-letters").json()]
    asyncio.run(give_up(lab.settings, body, "first", "second"))
    one, two = [letter for letter in api.get("/v1/dead-letters").json() if letter["number"] not in before]
    assert (one["document"], one["stage"], one["reason"]) == (document_id(body), "extract", "first")
    assert json.loads(api.get(f"/v1/dead-letters/{one['number']}").json()["payload"])["doc_id"] == document_id(
        body
    )
    assert api.post(f"/v1/dead-letters/{one['number']}/replay").status_code == 204
    assert api.delete(f"/v1/dead-letters/{two['number']}").status_code == 204
    assert [letter["number"] for letter in api.get("/v1/dead-letters").json()] == before
    is_problem(api.get(f"/v1/dead-letters/{one['number']}"), 404, "there is no dead letter")
    is_problem(api.post(f"/v1/dead-letters/{one['number']}/replay"), 404, "there is no dead letter")
    is_problem(api.delete("/v1/dead-letters/x"), 422, "path.number")


@pytest.mark.parametrize("path", ["/v1/status", "/health", "/docs"])
def test_another_host_name_is_refused_for_a_page_may_have_rebound_it(api: httpx.Client, path: str) -> None:
    response = api.get(path, headers={"Host": "evil.example"})
    assert (response.status_code, response.text) == (400, "Invalid host header")


def test_a_page_of_another_site_is_refused_and_our_own_is_not(api: httpx.Client) -> None:
    upload = {"params": {"filename": "x.txt"}, "content": b"Words of a page."}
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        response = api.post("/v1/documents", headers={"Origin": origin}, **upload)
        is_problem(response, 403, "other sites")
        assert "access-control-allow-origin" not in response.headers
    own = api.get("/v1/status", headers={"Origin": str(api.base_url).rstrip("/")})
    assert own.status_code == 200


def test_the_page_loads_nothing_from_elsewhere(api: httpx.Client) -> None:
    page = api.get("/docs").text
    assert "swagger" in page
    assert "https://" not in page
    paths = api.get("/openapi.json").json()["paths"]
    assert {"/v1/ask", "/v1/search", "/v1/documents", "/v1/sparql", "/v1/status"} <= set(paths)
