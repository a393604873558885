"""Whether phase 2 is watched: asked of a real collector, and of a stand-in for OpenObserve's search behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from chain import opened, workers
from collector_process import Collector, collector
from embeddings_stand_in import embeddings_stand_in
from library import nobody
from openobserve_stand_in import EMAIL, PASSWORD, openobserve_stand_in
from pydantic import SecretStr

from pipeline.checks import observed
from pipeline.checks.__main__ import STACKS
from pipeline.checks.outcome import Outcome
from pipeline.parts import opened as parts_opened
from pipeline.routes import ROUTES
from pipeline.settings import Settings
from pipeline.traces import ENDPOINT

COLLECTED, VISIBLE = "telemetry collected", "logs and traces visible"


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector(tmp_path) as found:
        monkeypatch.setenv(ENDPOINT, found.server.url)
        yield found


@pytest.fixture
def settings(lab: Settings, sent: Collector) -> Iterator[Settings]:
    with embeddings_stand_in() as model, openobserve_stand_in(sent) as url:
        told = {"openobserve_url": url, "openobserve_email": EMAIL, "openobserve_password": SecretStr(PASSWORD)}
        yield lab.model_copy(update={"litellm_url": model.url, **told})


async def _asked(name: str, settings: Settings) -> Outcome:
    [check] = (one for one in STACKS["phase2-pipeline"] if one.name == name)
    async with parts_opened(settings, "checks") as parts:
        return await check.outcome(settings, parts)


def _names(settings: Settings) -> list[str]:
    return [check.name for check in STACKS["phase2-pipeline"] if check.when(settings)]


async def test_a_collector_that_runs_takes_a_trace(sent: Collector) -> None:
    found = await _asked(COLLECTED, Settings())
    assert found.held
    assert found.evidence == f"{sent.server.url} took a trace"


async def test_one_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    url = nobody()
    monkeypatch.setenv(ENDPOINT, url)
    found = await _asked(COLLECTED, Settings())
    assert not found.held
    assert found.evidence == f"collector: {url} did not take a trace"


async def test_what_every_stage_told_of_a_page_is_found(
    settings: Settings, sent: Collector, tmp_path: Path
) -> None:
    async with opened(settings):
        with workers(settings, tmp_path, *ROUTES):
            found = await _asked(VISIBLE, settings)
    assert found.held, found.evidence
    assert "spans of extract, chunk, embed, graph, log lines of 4 services" in found.evidence


async def test_stages_that_tell_nothing_are_named_when_patience_ends(
    settings: Settings, sent: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "PATIENCE", 0.0)
    monkeypatch.delenv(ENDPOINT)
    async with opened(settings):
        with workers(settings, tmp_path, *ROUTES):
            monkeypatch.setenv(ENDPOINT, sent.server.url)
            found = await _asked(VISIBLE, settings)
    assert not found.held
    assert found.evidence.endswith("no span of chunk, embed, extract, graph, log lines of 0 services")


async def test_another_password_is_told_as_that(settings: Settings, sent: Collector, tmp_path: Path) -> None:
    other = settings.model_copy(update={"openobserve_password": SecretStr("wrong")})
    async with opened(other):
        with workers(other, tmp_path, *ROUTES):
            found = await _asked(VISIBLE, other)
    assert not found.held
    assert found.evidence == "openobserve: it does not take our e-mail and password"


def test_only_what_the_lab_has_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    pages = Settings(openobserve_url="http://127.0.0.1:9/api/default")
    assert _names(pages) == ["document"]
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    assert _names(Settings()) == ["document", COLLECTED]
    assert _names(pages) == ["document", COLLECTED, VISIBLE]
