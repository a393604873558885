"""The demo as a person runs it: from nothing to a cited answer, and nothing done twice."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stand import assert_gone
from whole import Whole, make

from homelab.lab import ROOT

QUESTION = "How long does the UPS carry the NAS?"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    whole = make(tmp_path_factory.mktemp("a lab with spaces"))
    yield whole
    whole.run("local", "down")


@pytest.fixture(scope="module")
def first(whole: Whole) -> str:
    return whole.run("demo")


def test_the_demo_answers_from_the_samples_with_a_citation(first: str) -> None:
    assert "74 minutes" in first
    assert "[1] Power and shutdown plan · How long the batteries last" in first


def test_the_demo_shows_that_no_service_went_above_its_plan(first: str) -> None:
    assert "No service went above its plan." in first
    assert "Where the time went" in first


def test_a_second_demo_ingests_nothing_and_asks_for_no_embedding(whole: Whole, first: str) -> None:
    assert first
    before, asked = whole.stored(), embeddings_asked(whole)
    again = whole.run("demo")
    assert "0 documents ingested" in again
    assert whole.stored() == before
    assert embeddings_asked(whole) - asked == 2  # the question, and the sentences that may be quoted


def embeddings_asked(whole: Whole) -> int:
    """Requests that reached LiteLLM's door for embeddings since its log began."""
    return (whole.folders.log / "litellm.log").read_text().count("POST /v1/embeddings")


def test_what_the_samples_hold_is_found_by_every_verb(whole: Whole, first: str) -> None:
    assert first
    found = whole.json("search", QUESTION)
    assert found["passages"][0]["document"] == "Power and shutdown plan"
    answer = whole.json("ask", QUESTION)
    assert "74 minutes" in answer["answer"]
    assert answer["degraded"] == ["no language model: quoted, not synthesised"]
    status = whole.json("status")
    assert status["counts"]["documents"] == len(list((ROOT / "samples").iterdir()))
    assert {service["state"] for service in status["services"]} <= {"running", "ready"}


def test_bad_documents_are_named_and_the_rest_goes_on(whole: Whole, first: str, tmp_path: Path) -> None:
    assert first
    (tmp_path / "empty.md").touch()
    (tmp_path / "good.md").write_text("# Spare keys\n\nThe spare key to the shed hangs behind the second shelf.\n")
    (tmp_path / "broken.pdf").write_bytes((ROOT / "samples/backup-handbook.pdf").read_bytes()[:2000])
    report = whole.json("ingest", tmp_path, tmp_path / "missing.md", code=1)
    assert report["ingested"] == 1
    assert sorted(Path(problem["where"]).name for problem in report["failed"]) == [
        "broken.pdf",
        "empty.md",
        "missing.md",
    ]
    assert "second shelf" in whole.json("ask", "Where does the spare key to the shed hang?")["answer"]


def test_a_document_is_forgotten_by_its_id_and_can_be_ingested_again(
    whole: Whole, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first
    monkeypatch.setenv("DEPLOY_CONFIRM", "yes")
    sample = ROOT / "samples/power.md"
    doc_id = hashlib.sha256(sample.read_bytes()).hexdigest()
    before = whole.stored()
    [gone] = whole.json("forget", doc_id[:12])["documents"]
    assert (gone["id"], gone["title"]) == (doc_id, "Power and shutdown plan")
    assert set(before) - set(whole.stored()) == {doc_id}
    assert whole.triples()[doc_id] == 0
    assert "74 minutes" not in str(whole.json("ask", QUESTION))
    assert whole.json("ingest", sample)["ingested"] == 1
    assert whole.stored() == before


def test_stopping_leaves_no_process(whole: Whole, first: str) -> None:
    assert first
    ours = [psutil.Process(state.pid) for state in whole.states().values() if state.pid]
    assert len(ours) > 8
    whole.run("local", "down")
    assert_gone(ours)
