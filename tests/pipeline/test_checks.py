"""What a deployed phase is asked, over real servers and workers: it holds when they do and fails when not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain import opened, workers
from embedder_process import MODEL, embedder

from pipeline.adapters.docling import DoclingExtractor
from pipeline.bootstrap import bootstrap
from pipeline.checks.__main__ import main, outcomes
from pipeline.checks.chain import LINES, WORD
from pipeline.checks.models import _must_fit
from pipeline.checks.pdf import pdf
from pipeline.contract import Metadata, document_id
from pipeline.errors import Misconfigured
from pipeline.routes import ROUTES
from pipeline.settings import Settings


@pytest.fixture
def settings(lab: Settings, tmp_path: Path) -> Iterator[Settings]:
    with embedder(tmp_path, threads=1) as server:
        yield lab.model_copy(update={"litellm_url": server.url, "embed_model": MODEL})


async def test_a_platform_that_was_only_started_has_neither_streams_nor_tables(settings: Settings) -> None:
    found = {one.name: one for one in await outcomes(settings, "phase1-core")}
    assert not found["streams"].held
    assert found["streams"].evidence == "nats: no stream INGEST: the bootstrap has not run"
    assert not found["tables"].held
    assert found["graph"].held
    assert found["embedding"].evidence == f"{MODEL} through LiteLLM: 384 dimensions"


async def test_a_bootstrapped_platform_keeps_what_phase_one_promises(settings: Settings) -> None:
    await bootstrap(settings)
    found = await outcomes(settings, "phase1-core")
    assert [one.held for one in found] == [True] * 5, found
    assert found[0].evidence == "INGEST R1, EMBED R1, KG R1, TELEMETRY R1, DEAD R1; 4 consumers"
    assert found[2].evidence == "embeddings.embedding is vector(384)"


async def test_a_model_of_other_dimensions_is_told_from_the_one_that_was_agreed(settings: Settings) -> None:
    other = settings.model_copy(update={"embed_dimensions": 256})
    [found] = [one for one in await outcomes(other, "phase1-core") if one.name == "embedding"]
    assert not found.held
    assert "384" in found.evidence


async def test_a_page_goes_through_the_whole_chain_and_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings) as lab:
        with workers(settings, tmp_path, *ROUTES):
            [first] = await outcomes(settings, "phase2-pipeline")
            [second] = await outcomes(settings, "phase2-pipeline")
        left = await lab.counts()
    assert first.held, first.evidence
    assert second.held, second.evidence
    assert "found on page 1" in first.evidence
    assert left == (0, 0, 0)


async def test_services_that_are_away_are_named_and_the_other_questions_still_asked() -> None:
    nowhere = Settings(nats_url="nats://127.0.0.1:9", oxigraph_url="http://127.0.0.1:9", postgres_port=9)
    found = {one.name: one for one in await outcomes(nowhere, "phase1-core")}
    assert len(found) == 5
    assert not any(found[name].held for name in ("streams", "tables", "graph", "embedding"))


def test_the_page_is_a_pdf_that_our_own_reader_reads() -> None:
    raw = pdf(LINES)
    extractor = DoclingExtractor()
    try:
        metadata = Metadata(filename="check.pdf", media_type="application/pdf", size=len(raw))
        read = extractor.extract(document_id(raw), "upload:check.pdf", metadata, raw)
    finally:
        extractor.close()
    assert read.pages == 1
    assert read.title == "Check of the platform"
    assert any(WORD in block.text for block in read.blocks)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"content": "It is warm."}, "small called no tool"),
        ({"tool_calls": [{"function": {"arguments": '{"room": "kit'}}]}, "arguments are no JSON"),
        ({"tool_calls": [{"function": {"arguments": '{"room": "kitchen"}'}}]}, "arguments are not the tool's"),
    ],
)
def test_a_tool_call_that_no_program_could_use_does_not_hold(message: dict[str, object], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        _must_fit("small", message)


def test_an_unknown_stack_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["checks", "phase9"])
    assert main() == 2
    assert "phase1-core" in capsys.readouterr().err
