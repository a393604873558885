"""The platform on a real Kubernetes: it answers, stays inside its plan, loses and doubles nothing.

`DOCUMENTS` in the environment says how many go in while workers are killed (30 unless said).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from platforms import Platform, ingesting, kill, memory_limits, report_of

import corpus
from homelab.consumers import workload
from homelab.lab import ROOT
from homelab.units import MIB
from servers import until

pytestmark = pytest.mark.timeout(3600)  # the first test waits for images, which are built once

PHASES = ("phase1-core", "phase2-pipeline")
DOCUMENTS = int(os.environ.get("DOCUMENTS", "30"))
WORKERS = {"docling": "extract", "chunk": "extract", "embed": "embed", "cognee": "graph"}
"""Deployment → the stage at work when its worker is killed; chunks are made too fast to be met at it."""

STORED = {"nats", "garage", "supabase-postgres", "oxigraph"}


def test_every_promise_of_the_phases_holds_and_what_is_left_out_is_named(platform: Platform) -> None:
    for stack in PHASES:
        report = platform.validate(stack)
        assert report["held"]
        assert all(one["held"] for one in report["outcomes"])
    assert [one["name"] for one in report["left_out"]] == ["openobserve"]


def test_a_second_up_of_each_phase_changes_nothing(platform: Platform) -> None:
    for stack in PHASES:
        assert set(platform.up(stack)["changes"]) == {"same"}
        platform.validate(stack)


def test_the_kernel_holds_every_container_to_the_ledger(platform: Platform) -> None:
    [host] = platform.json("plan")["hosts"]
    planned = {workload(line["consumer"]): line["limit_mib"] * MIB for line in host["lines"]}
    seen = {}
    for app in planned:
        for pod in platform.pods(app):
            seen[app] = planned[app]
            assert memory_limits(pod) == [planned[app]], f"{app}: {pod['metadata']['name']}"
    assert seen.keys() >= {*STORED, *WORKERS, "litellm", "embedder", "api", "collector"}


def test_a_pdf_goes_in_and_an_answer_with_its_citation_comes_out(platform: Platform) -> None:
    pdf = ROOT / "samples/backup-handbook.pdf"
    report = platform.json("ingest", pdf)
    assert (report["ingested"], report["failed"]) == (1, [])
    answer = platform.json("ask", "How long are weekly backups kept?")
    assert answer["answer"]
    assert "[1]" in answer["answer"]
    assert answer["passages"][0]["uri"].endswith("backup-handbook.pdf")
    assert answer["passages"][0]["page"] >= 1


def test_workers_killed_while_documents_go_in_lose_nothing_and_double_nothing(
    platform: Platform, tmp_path: Path
) -> None:
    """By the kernel as when memory runs out, and by the API server as when a node is drained in haste."""
    for path in corpus.generate(tmp_path / "documents")[DOCUMENTS:]:
        path.unlink()
    before, stored_before = platform.counts(), platform.stored()
    with ingesting(platform, tmp_path / "documents") as process:
        for app, stage in WORKERS.items():
            until(lambda stage=stage: platform.at_work(stage), f"{stage} works on a document", 120)
            [victim, *_] = platform.pods(app)
            _end(platform, victim, by_kernel=app in {"docling", "cognee"})
            assert process.poll() is None, f"the ingest ended before {app} was killed"
        report = report_of(process)
    assert (report["ingested"], report["failed"]) == (DOCUMENTS, [])

    _calm(platform)
    after = platform.counts()
    assert after["documents"] == before["documents"] + DOCUMENTS
    assert after["embeddings"] == after["chunks"] == before["chunks"] + report["chunks"]
    assert after["dead_letters"] == before["dead_letters"]
    mine = {name: rows for name, rows in platform.stored().items() if name not in stored_before}
    assert len(mine) == DOCUMENTS
    assert all(chunks == different > 0 for chunks, different in mine.values())

    again = platform.json("ingest", tmp_path / "documents")
    assert (again["ingested"], again["unchanged"]) == (0, DOCUMENTS)
    assert platform.counts() == after


def _end(platform: Platform, pod: Mapping[str, Any], *, by_kernel: bool) -> None:
    if by_kernel:
        kill(pod)
    else:
        platform.kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")


def _calm(platform: Platform) -> None:
    """Nothing is waited for: every consumer has acknowledged all that there was."""

    def done() -> bool:
        consumers = [one for stream in platform.status()["streams"] for one in stream["consumers"]]
        return all(one["pending"] == one["unacknowledged"] == 0 for one in consumers)

    until(done, "every message is acknowledged", 180)


def test_the_autoscaler_gives_the_extractor_replicas_under_load_and_takes_them_back(
    platform: Platform, tmp_path: Path
) -> None:
    corpus.generate(tmp_path / "documents")
    until(_replicas(platform, lambda count: count == 1), "one extractor at rest", 240)
    with ingesting(platform, tmp_path / "documents"):
        until(_replicas(platform, lambda count: count > 1), "more than one extractor under load", 240)
    _calm(platform)
    until(_replicas(platform, lambda count: count == 1), "one extractor again", 300)


def _replicas(platform: Platform, wanted: Callable[[int], bool]) -> Callable[[], bool]:
    return lambda: wanted(platform.objects("deployments")["docling"]["status"].get("readyReplicas", 0))


def test_what_went_down_and_up_again_has_its_data(platform: Platform) -> None:
    before, volumes = platform.counts(), platform.volumes()
    assert before["documents"] > 0
    assert len(volumes) == len(STORED)
    for stack in reversed(PHASES):
        assert set(platform.json("stack", "down", "--stack", stack)["changes"]) == {"delete"}
    assert platform.objects("pods") == {}
    assert platform.volumes() == volumes
    for stack in PHASES:
        platform.up(stack)
        platform.validate(stack)
    assert platform.volumes() == volumes
    assert platform.counts() == before
    assert platform.json("ask", "How long are weekly backups kept?")["answer"]
