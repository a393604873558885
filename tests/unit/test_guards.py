"""Every refusal before a deployment, with its whole message."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from homelab.errors import DeployRefused, InvalidInput
from homelab.guards import Record, Records
from homelab.guards.context import cluster_of, contexts, right_context
from homelab.guards.phases import built_on, built_upon
from homelab.guards.switches import agreed, confirmation, control_plane
from homelab.lab import load
from homelab.lab.cluster import Cluster

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: one, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: one, user: {}}]
contexts:
- {name: home, context: {cluster: one, user: one}}
- {name: work, context: {cluster: one, user: one}}
current-context: work
"""


def told(problems: object) -> list[str]:
    return [str(problem) for problem in problems]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("given", "shown"), [({}, "not set"), ({"HOMELAB": "yes"}, "is 'yes'")])
def test_a_machine_that_is_not_the_control_plane_changes_nothing(given: dict[str, str], shown: str) -> None:
    assert told(control_plane(given)) == [
        f"HOMELAB · {shown} · a cluster is changed from the control plane only · "
        "export HOMELAB=1 on the control plane"
    ]


def test_the_control_plane_may() -> None:
    assert told(control_plane({"HOMELAB": "1"})) == []


@pytest.mark.parametrize(
    ("environ", "terminal", "refused"),
    [
        ({}, False, True),
        ({"DEPLOY_CONFIRM": "no"}, False, True),
        ({}, True, False),  # the engine asks
        ({"DEPLOY_CONFIRM": "yes"}, False, False),
    ],
)
def test_somebody_must_agree(environ: dict[str, str], terminal: bool, refused: bool) -> None:
    assert bool(told(confirmation(environ, terminal=terminal))) is refused


def test_without_a_terminal_the_refusal_says_what_to_set() -> None:
    assert told(confirmation({}, terminal=False)) == [
        "DEPLOY_CONFIRM · not set · without a terminal nobody can be asked · set DEPLOY_CONFIRM=yes"
    ]


def test_only_yes_is_a_yes() -> None:
    assert [agreed({"DEPLOY_CONFIRM": word}) for word in ("yes", "y", "true", "")] == [True, False, False, False]


def test_another_current_context_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG)
    cluster = Cluster(context="home", kubeconfig=file)
    assert told(right_context(cluster, contexts(cluster))) == [
        f"{file} · is at work · lab.yaml names the context home · "
        "kubectl config use-context home, or correct cluster.context in lab.yaml"
    ]


def test_a_context_that_the_kubeconfig_lacks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG)
    cluster = Cluster(context="sandbox", kubeconfig=file)
    assert told(right_context(cluster, contexts(cluster))) == [
        f"{file} · has home, work · lab.yaml names the context sandbox · correct cluster.context"
    ]


def test_the_named_context_is_right(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG)
    cluster = Cluster(context="work", kubeconfig=file)
    assert told(right_context(cluster, contexts(cluster))) == []


def test_a_missing_kubeconfig_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployRefused) as refused:
        contexts(Cluster(context="home", kubeconfig=tmp_path / "none"))
    (problem,) = refused.value.problems
    assert (problem.where, problem.fix) == (
        str(tmp_path / "none"),
        "set cluster.kubeconfig in lab.yaml, or KUBECONFIG",
    )


@pytest.mark.parametrize(
    "text",
    ["a: [", "- a list", "contexts: {}\ncurrent-context: home\n"],
    ids=["no YAML", "a list", "nothing in it"],
)
def test_a_kubeconfig_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    with pytest.raises(DeployRefused) as refused:
        contexts(Cluster(context="home", kubeconfig=file))
    (problem,) = refused.value.problems
    assert (problem.where, problem.fix) == (str(file), "set cluster.kubeconfig in lab.yaml, or KUBECONFIG")


def test_a_kubeconfig_whose_certificate_is_away_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG.replace("{}", "{client-certificate: gone.pem, client-key: gone.key}"))
    with pytest.raises(DeployRefused, match=r"gone\.(pem|key)"):
        Records(Cluster(context="home", kubeconfig=file))


def test_a_lab_without_a_cluster_has_no_stacks(tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text("version: 1\nhosts: {desktop: {address: local}}\n")
    with pytest.raises(InvalidInput) as refused:
        cluster_of(load(file))
    assert str(refused.value) == (
        "lab.yaml cluster · missing · the stacks are for a Kubernetes cluster · "
        "add cluster: {context: …}, see lab.example.yaml"
    )


def test_a_phase_waits_for_the_one_below_it() -> None:
    assert told(built_on("phase1-core", {}, "plan")) == [
        "phase0 · not validated since its last change · phase1-core builds on phase0 · "
        "./lab validate --stack phase0"
    ]


def test_a_changed_plan_is_validated_anew() -> None:
    assert told(built_on("phase1-core", {"phase0": Record("another", AT)}, "plan")) == [
        "phase0 · validated on 2026-11-21 09:30 UTC, for another plan · phase1-core builds on phase0 · "
        "./lab validate --stack phase0"
    ]


def test_on_a_validated_phase_the_next_may_go() -> None:
    assert told(built_on("phase1-core", {"phase0": Record("plan", AT)}, "plan")) == []


def test_the_last_phase_needs_nobody_s_leave_to_go() -> None:
    assert told(built_upon("phase1-core", {"phase1-core": Record("plan", AT)})) == []
