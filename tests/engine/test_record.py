"""Which phases are validated, kept in a real cluster."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from control_plane import ControlPlane

from homelab.errors import DeployRefused
from homelab.guards import Record, Records
from homelab.lab.cluster import Cluster

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
def records(cluster: ControlPlane) -> Records:
    kept = Records(Cluster(context=cluster.context, kubeconfig=cluster.kubeconfig))
    for stack in kept.read():
        kept.take_away(stack)
    return kept


def test_a_record_is_kept_until_it_is_taken_away(records: Records) -> None:
    records.keep("phase0", "a plan", AT)
    records.keep("phase1-core", "a plan", AT)
    assert records.read() == {"phase0": Record("a plan", AT), "phase1-core": Record("a plan", AT)}
    records.take_away("phase1-core")
    assert records.read() == {"phase0": Record("a plan", AT)}


def test_the_latest_validation_counts(records: Records) -> None:
    records.keep("phase0", "a plan", AT)
    records.keep("phase0", "another", AT)
    assert records.read() == {"phase0": Record("another", AT)}


def test_what_was_never_validated_can_be_taken_away(records: Records) -> None:
    records.take_away("phase4-tooling")
    assert records.read() == {}


def test_a_cluster_that_does_not_answer_is_told_in_one_line(cluster: ControlPlane, tmp_path: Path) -> None:
    elsewhere = tmp_path / "kubeconfig"
    elsewhere.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    with pytest.raises(DeployRefused) as refused:
        Records(Cluster(context=cluster.context, kubeconfig=elsewhere)).read()
    (problem,) = refused.value.problems
    assert problem.where == "cluster sandbox"
    assert "Connection refused" in problem.given
    assert problem.fix == "start it, or correct cluster in lab.yaml"
