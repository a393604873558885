"""The platform on a real Kubernetes: it keeps its promises, stays inside its plan, and answers."""

import re

import pytest
from platforms import PHASES, STORES, Platform, memory_limits

from homelab.consumers import workload
from homelab.lab import ROOT
from homelab.units import MIB

pytestmark = pytest.mark.timeout(3600)  # the first test waits for images, which are built once


def test_every_promise_of_the_phases_holds_and_what_is_left_out_is_named(platform: Platform) -> None:
    for stack in PHASES:
        report = platform.first[stack]
        assert report["held"]
        assert report["recorded"]
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
    assert seen.keys() >= {*STORES, "litellm", "embedder", "docling", "chunk", "embed", "cognee", "api"}


def test_a_pdf_goes_in_and_an_answer_with_its_citation_comes_out(platform: Platform) -> None:
    pdf = ROOT / "samples/backup-handbook.pdf"
    report = platform.json("ingest", pdf)
    assert (report["ingested"], report["failed"]) == (1, [])
    answer = platform.json("ask", "How long are weekly snapshots kept?")
    said = re.search(r"weekly ones for eight weeks.*\[(\d+)\]", answer["answer"])
    assert said is not None, answer["answer"]
    cited = answer["passages"][int(said[1]) - 1]
    assert (cited["uri"], cited["page"]) == ("upload:backup-handbook.pdf", 2)
