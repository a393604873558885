"""Many documents at once: killed workers lose nothing, and the extractor gets replicas while there is work."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from platforms import Platform, ingesting, kill, report_of

import corpus
from pipeline.contract import document_id
from servers import until

pytestmark = pytest.mark.timeout(3600)

DOCUMENTS = 30
"""PDFs, with which the generated corpus begins."""

WORKERS = {"docling": "extract", "chunk": "extract", "embed": "embed", "cognee": "graph"}
"""Deployment → the stage at work when its worker is killed; chunks are made too fast to be met at it."""


def test_workers_killed_while_documents_go_in_lose_nothing_and_double_nothing(
    platform: Platform, tmp_path: Path
) -> None:
    """By the kernel as when memory runs out, and by the API server as when a node is drained in haste."""
    folder, undisturbed = tmp_path / "documents", tmp_path / "undisturbed"
    pairs = _the_same_twice(folder, undisturbed)
    before = platform.counts()
    with ingesting(platform, folder) as process:
        for app, stage in WORKERS.items():
            until(partial(platform.at_work, stage), f"{stage} works on a document", 120)
            [victim, *_] = platform.pods(app)
            _end(platform, victim, by_kernel=app in {"docling", "cognee"})
            assert process.poll() is None, f"the ingest ended before {app} was killed"
        report = report_of(process)
    assert (report["ingested"], report["failed"]) == (DOCUMENTS, [])
    again = platform.json("ingest", folder)
    assert (again["ingested"], again["unchanged"]) == (0, DOCUMENTS)

    assert platform.json("ingest", undisturbed)["ingested"] == DOCUMENTS
    _calm(platform)
    stored, after = platform.stored(), platform.counts()
    for disturbed, other in pairs.items():
        assert stored[disturbed] == stored[other]
        chunks, different, _triples = stored[disturbed]
        assert chunks == different > 0
    assert after["documents"] == before["documents"] + 2 * DOCUMENTS
    assert after["embeddings"] == after["chunks"] == sum(chunks for chunks, *_ in stored.values())
    assert after["dead_letters"] == before["dead_letters"]


def _the_same_twice(folder: Path, other: Path) -> dict[str, str]:
    """PDFs in two folders: each has the text of its twin, and another identity. Returns the twins' ids."""
    paths = corpus.generate(folder)
    for path in paths[DOCUMENTS:]:
        path.unlink()
    other.mkdir()
    pairs = {}
    for path in paths[:DOCUMENTS]:
        raw = path.read_bytes()
        twin = raw + b"% nothing that a reader sees\n"
        (other / path.name).write_bytes(twin)
        pairs[document_id(raw)] = document_id(twin)
    return pairs


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
