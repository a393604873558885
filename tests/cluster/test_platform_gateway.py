"""Phase 4 in the cluster: our tools behind Context Forge, and Promptfoo's questions about the samples."""

import pytest
from platforms import Platform

from homelab.lab import ROOT

pytestmark = pytest.mark.timeout(3600)

STACK = "phase4-tooling"


@pytest.fixture(scope="module")
def tooling(platform: Platform) -> Platform:
    """With the samples in it, about which the evaluation asks."""
    assert platform.json("ingest", ROOT / "samples")["failed"] == []
    assert set(platform.up(STACK)["changes"]) == {"create"}
    platform.validate(STACK)
    return platform


def test_the_gateway_lists_our_tools_and_calls_them(tooling: Platform) -> None:
    outcomes = {one["name"]: one for one in tooling.validate(STACK)["outcomes"]}
    assert all(one["held"] for one in outcomes.values())
    [listed] = [one["evidence"] for name, one in outcomes.items() if "listed" in name]
    assert {"search", "ask", "sparql"} <= {name.rpartition("-")[2] for name in listed.split(", ")}


def test_the_evaluation_finds_every_answer_in_the_samples(tooling: Platform) -> None:
    report = tooling.json("promptfoo-eval")
    assert report["held"]
    assert len(report["outcomes"]) == 3


def test_a_second_up_of_the_tools_changes_nothing(tooling: Platform) -> None:
    assert set(tooling.up(STACK)["changes"]) == {"same"}
    tooling.validate(STACK)
