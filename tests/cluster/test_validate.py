"""Validation as tests: every promise of every phase that the running platform has, each with its name.

HOMELAB_FILE names the lab, else the checkout's own sandbox is meant. Nothing is deployed for it.
"""

import os
from pathlib import Path

import pytest

from homelab.errors import ClusterError
from homelab.kube.client import Kube
from homelab.lab import Lab, load
from homelab.sandbox.layout import HOME
from homelab.validate import STACKS, validated
from homelab.validate.inside import PREFIX
from homelab.validate.stack import PHASE0

PATIENCE = 120.0  # seconds; the platform has been up for a while


@pytest.fixture(scope="module")
def lab() -> Lab:
    path = Path(os.environ.get("HOMELAB_FILE") or HOME / "lab.yaml")
    if not path.exists():
        pytest.skip("this machine has no platform on a cluster: HOMELAB_FILE names none, no sandbox was made")
    return load(path)


@pytest.fixture(scope="module")
def deployed(lab: Lab) -> set[str]:
    """The stacks that the cluster has."""
    if lab.cluster is None:
        pytest.skip("this machine has no platform on a cluster: its lab file names none")
    try:
        names = {one["metadata"]["name"] for one in Kube(lab.cluster).listed("CronJob")[0]}
    except ClusterError as error:
        pytest.skip(f"this machine has no platform on a cluster: {error}")
    return {PHASE0, *(stack for stack in STACKS if f"{PREFIX}{stack}" in names)}


@pytest.mark.parametrize("stack", STACKS)
def test_the_running_platform_keeps_its_promises(
    stack: str, lab: Lab, deployed: set[str], subtests: pytest.Subtests
) -> None:
    if stack not in deployed:
        pytest.skip(f"this machine has not deployed {stack}")
    report = validated(lab, stack, PATIENCE, print)
    for outcome in report.asked:
        with subtests.test(outcome.name):
            assert outcome.state == "held", f"{outcome.evidence} · {outcome.mend}"
    assert report.held
