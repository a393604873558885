"""What reaches a real collector from real workers and a real API: one trace a document, and nobody's words."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from api_process import serving
from chain import Lab, document, opened, workers
from collector_process import Collector, Span, collector
from embeddings_stand_in import EmbeddingsStandIn
from library import nobody

from pipeline.contract import Bucket, IngestRequested, Metadata, Subject, document_id
from pipeline.routes import ROUTES
from pipeline.settings import Settings
from pipeline.traces import ENDPOINT
from servers import free_port, until

WORD = "cantilevered-ptarmigan"
"""Of the document and of the question; it must stay between them and their stores."""

RAW = f"# Garden\n\nThe {WORD} roses are cut back in March, before new shoots appear.\n".encode()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"api_port": free_port()})


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """The collector to which every process of the test sends."""
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, found.server.url)
        yield found


async def _upload(lab: Lab) -> str:
    """As an uploading side that tells nothing of itself; returns the document's id."""
    doc_id = document_id(RAW)
    metadata = Metadata(filename="house.md", media_type="text/markdown", size=len(RAW))
    request = IngestRequested(doc_id=doc_id, source_uri="file:///house.md", metadata=metadata)
    await lab.objects.put(Bucket.RAW, doc_id, RAW)
    await lab.jetstream.publish(Subject.INGEST_REQUESTED, request.model_dump_json().encode())
    return doc_id


def _of(spans: list[Span], *names: str) -> dict[str, Span]:
    return {span.name: span for span in spans if span.name in names}


async def test_a_document_is_one_trace_through_all_stages_and_its_log_lines_know_it(
    settings: Settings, sent: Collector, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *ROUTES):
            doc_id = await _upload(lab)
            await lab.complete(doc_id)
            await lab.idle()
    # the workers have ended: what they had to tell is told
    spans = _of(sent.spans, *ROUTES)
    assert set(spans) == {"extract", "chunk", "embed", "graph"}
    assert {span.service for span in spans.values()} == {"extract", "chunk", "embed", "graph"}
    assert len({span.trace for span in spans.values()}) == 1
    assert [name for name, span in spans.items() if not span.parent] == ["extract"]
    told = {tuple(sorted(span.attributes.items())) for span in spans.values()}
    assert told == {(("lab.delivery", "1"), ("lab.doc", doc_id), ("lab.outcome", "done"))}
    done = [line for line in sent.lines if line.body.startswith("event=done")]
    assert {line.service for line in done} == {"extract", "chunk", "embed", "graph"}
    assert {line.trace for line in done} == {spans["extract"].trace}
    assert WORD not in sent.text


async def test_a_retry_is_an_event_of_its_stage_without_what_the_service_said(
    settings: Settings, model: EmbeddingsStandIn, sent: Collector, tmp_path: Path
) -> None:
    model.failures.append((503, f"cannot embed {WORD}", {}))
    async with opened(settings) as lab:
        with workers(settings, tmp_path, "chunk", "embed", "graph"):
            await lab.complete(await lab.send(document()))
            await lab.idle()
    embed = _of(sent.spans, "embed")["embed"]
    assert embed.attributes["lab.outcome"] == "done"
    [(name, told)] = embed.events
    assert name == "waiting"
    assert told["lab.error"] == "Unavailable"
    assert (told["lab.tried"], told["lab.seconds"]) == ("1", 1)
    assert set(told) == {"lab.where", "lab.error", "lab.tried", "lab.seconds"}
    assert WORD not in str(sent.spans)


async def test_a_dead_letter_is_the_outcome_of_its_span(
    settings: Settings, sent: Collector, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, "chunk"):
            await lab.jetstream.publish(Subject.INGEST_EXTRACTED, WORD.encode())
            until(lambda: "dead-letter" in (tmp_path / "chunk.log").read_text(), "the message is buried")
    [span] = sent.spans
    assert span.attributes == {"lab.delivery": "1", "lab.outcome": "dead-letter"}
    assert WORD not in sent.text


async def test_an_uploaded_document_and_a_question_are_traces_of_their_requests_and_keep_their_words(
    settings: Settings, sent: Collector, tmp_path: Path
) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *ROUTES), serving(settings, tmp_path / "api.log") as api:
            answer = api.post("/v1/documents", params={"filename": f"{WORD}.md"}, content=RAW)
            await lab.complete(answer.json()["id"])
            question = f"When are {WORD} roses cut back?"
            assert WORD in api.post("/v1/ask", json={"question": question}).text
            assert WORD in api.get("/v1/search", params={"q": question}).text
            assert api.get(f"/v1/{WORD}").status_code == 404
            assert api.get("/ready").is_success
    upload = _of(sent.spans, "POST /v1/documents")["POST /v1/documents"]
    stages = _of(sent.spans, *ROUTES)
    assert {span.trace for span in stages.values()} == {upload.trace}
    asked = _of(sent.spans, "POST /v1/ask")["POST /v1/ask"]
    parts = {span.name: span for span in sent.spans if span.trace == asked.trace and span.service == "api"}
    assert set(parts) == {"POST /v1/ask", "retrieve", "relate", "write"}
    assert parts["retrieve"].attributes == {"lab.passages": "1", "lab.by_meaning": True}
    assert parts["write"].attributes == {"lab.degraded": "1"}  # no language model: quoted
    searched = _of(sent.spans, "GET /v1/search")["GET /v1/search"]
    assert searched.attributes["url.query"] == searched.attributes["url.path"] == "not told"
    assert "/ready" not in sent.text
    assert WORD not in sent.text


async def test_a_collector_that_is_away_costs_no_document_and_one_line(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, nobody())
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *ROUTES) as processes:
            await lab.complete(await _upload(lab))
            await lab.idle()
            until(lambda: all("not-exported" in each.log for each in processes), "each tells that it is away")
            began = time.monotonic()
            codes = [each.end() for each in processes]
            took = time.monotonic() - began
    assert codes == [0, 0, 0, 0]
    assert took < 4 * (2 + 1 + 1)  # of each: what waits, POLL, and the end itself
    said = [line for each in processes for line in each.log.splitlines() if "export" in line]
    assert [line.count("event=not-exported") for line in said] == [1, 1, 1, 1]


def test_without_a_collector_nothing_of_opentelemetry_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    program = (
        "import sys, pipeline.worker, pipeline.query\n"
        "from pipeline import traces\n"
        "with traces.exported('chunk'), traces.span('chunk', None, delivery=1), traces.part('x') as tell:\n"
        "    tell(a=1); traces.note(a=1); traces.event('x'); assert traces.headers() == {}\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in ('opentelemetry', 'requests')))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
