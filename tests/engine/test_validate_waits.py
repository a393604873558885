"""Workloads waited for on a real API server without nodes: the tests say what the kubelets would."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from control_plane import ControlPlane

from homelab.consumers import NAMESPACE
from homelab.errors import ClusterError
from homelab.kube.client import Kube
from homelab.lab.cluster import Cluster
from homelab.validate import inside, patience, workloads
from homelab.validate.outcome import Outcome
from homelab.validate.patience import Patience

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}"
STACK = "phase1-core"

POD = {
    "metadata": {"labels": {"app.kubernetes.io/name": "nats"}},
    "spec": {"containers": [{"name": "nats", "image": "none"}]},
}
NATS: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "nats", "labels": {"app.kubernetes.io/name": "nats"}},
    "spec": {"selector": {"matchLabels": {"app.kubernetes.io/name": "nats"}}, "template": POD},
}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""The namespace may be another test's, which had it refuse any less."""
READY = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}

CHECKS = {
    "apiVersion": "batch/v1",
    "kind": "CronJob",
    "metadata": {"name": "checks-phase1-core", "labels": {"app.kubernetes.io/name": "checks-phase1-core"}},
    "spec": {
        "schedule": "0 0 1 1 *",
        "suspend": True,
        "jobTemplate": {
            "spec": {
                "template": {
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "checks", "image": "none"}]}
                }
            }
        },
    },
}


@pytest.fixture
def kube(cluster: ControlPlane) -> Iterator[Kube]:
    if cluster.get(f"/api/v1/namespaces/{NAMESPACE}") is None:
        cluster.make("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    yield Kube(Cluster(context=cluster.context, kubeconfig=cluster.kubeconfig))
    for path in (APPS, f"{JOBS}/cronjobs", f"{JOBS}/jobs"):
        cluster.client.delete(path).raise_for_status()


def asked(kube: Kube, seconds: float, told: list[str]) -> list[Outcome]:
    return list(workloads.outcomes(kube, STACK, [NATS], Patience(seconds), told.append))


def test_a_workload_that_was_not_deployed_is_not_waited_for(kube: Kube) -> None:
    told: list[str] = []
    assert asked(kube, 60, told) == [
        Outcome(
            "nats ready",
            "does not hold",
            "there is no such Deployment",
            "./lab pulumi-up --stack phase1-core",
        )
    ]
    assert told == []


def test_the_wait_ends_when_the_workload_is_ready(kube: Kube, cluster: ControlPlane) -> None:
    cluster.make(APPS, NATS)
    waiting = threading.Event()
    status = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "nats"}, "status": READY}

    def becomes_ready() -> None:
        assert waiting.wait(30)
        merge = {"Content-Type": "application/merge-patch+json"}
        cluster.client.patch(f"{APPS}/nats/status", json=status, headers=merge).raise_for_status()

    told: list[str] = []

    def tell(what: str) -> None:
        told.append(what)
        waiting.set()

    kubelet = threading.Thread(target=becomes_ready)
    kubelet.start()
    found = list(workloads.outcomes(kube, STACK, [NATS], Patience(60), tell))
    kubelet.join()
    assert found == [Outcome("nats ready", "held", "1 of 1 replicas ready")]
    assert told == [
        "waiting for nats (0 of 1 replicas ready, its last change is not begun)",
    ]


def test_our_image_that_is_not_on_the_node_is_not_waited_for(
    kube: Kube, cluster: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody serves localhost/…: without `./lab images --import` patience would be for nothing."""
    monkeypatch.setattr(patience, "RESYNC", 2.0)
    monkeypatch.setattr(workloads, "AGAIN", 0.5)
    namespace, image = f"/api/v1/namespaces/{NAMESPACE}", "localhost/homelab/nats:1"
    metadata = {"name": "nats-0", "labels": {"app.kubernetes.io/name": "nats"}}
    cluster.make(APPS, NATS)
    if cluster.get(f"{namespace}/serviceaccounts/default") is None:
        cluster.make(f"{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
    container = {"name": "nats", "image": image, "securityContext": RESTRICTED}
    cluster.make(f"{namespace}/pods", {"metadata": metadata, "spec": {"containers": [container]}})
    pulled = {"state": {"waiting": {"reason": "ErrImagePull"}}, "ready": False, "restartCount": 0, "imageID": ""}
    status = {"phase": "Pending", "containerStatuses": [{"name": "nats", "image": image, **pulled}]}
    merge = {"Content-Type": "application/merge-patch+json"}
    cluster.client.patch(
        f"{namespace}/pods/nats-0/status", json={"status": status}, headers=merge
    ).raise_for_status()
    left = Patience(60)
    (found,) = workloads.outcomes(kube, STACK, [NATS], left, lambda _: None)
    assert not left.over
    cluster.client.delete(f"{namespace}/pods/nats-0").raise_for_status()
    assert found.evidence.endswith(f"nats-0: ErrImagePull {image}")
    assert found.mend.startswith("./lab images --import")


def test_when_patience_ends_the_reason_is_told(kube: Kube, cluster: ControlPlane) -> None:
    cluster.make(APPS, NATS)
    warning = {
        "metadata": {"name": "nats.1"},
        "type": "Warning",
        "reason": "FailedCreate",
        "message": "exceeded quota",
        "involvedObject": {"kind": "Deployment", "name": "nats", "namespace": NAMESPACE},
    }
    cluster.make(f"/api/v1/namespaces/{NAMESPACE}/events", warning)
    assert asked(kube, 1, []) == [
        Outcome(
            "nats ready",
            "does not hold",
            "0 of 1 replicas ready, its last change is not begun; no pod is made: FailedCreate: exceeded quota",
            "kubectl -n ai-infrastructure get events",
        )
    ]


def test_questions_from_inside_need_their_cron_job(kube: Kube) -> None:
    (found,) = inside.outcomes(kube, STACK, "checks-phase1-core", Patience(5), lambda _: None)
    assert (found.state, found.evidence) == ("does not hold", "there is no such CronJob")


def test_an_evaluation_that_cannot_start_did_not_run(kube: Kube) -> None:
    found = inside.ran(kube, "phase4-tooling", "promptfoo-eval", Patience(5), lambda _: None)
    assert (found.name, found.state, found.mend) == (
        "promptfoo-eval runs",
        "does not hold",
        "./lab pulumi-up --stack phase4-tooling",
    )


def test_a_run_that_never_starts_is_told_and_leaves_nothing(kube: Kube, cluster: ControlPlane) -> None:
    cluster.make(f"{JOBS}/cronjobs", CHECKS)
    told: list[str] = []
    (found,) = inside.outcomes(kube, STACK, "checks-phase1-core", Patience(1), told.append)
    assert found.state == "does not hold"
    assert found.evidence.startswith("its pod did not start; ")
    assert told[0].startswith("asking from inside: checks-phase1-core-")
    assert kube.listed("Job")[0] == []


def test_an_api_server_that_is_away_is_one_line(cluster: ControlPlane, tmp_path: Any) -> None:
    elsewhere = tmp_path / "kubeconfig"
    elsewhere.write_text(cluster.kubeconfig.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    away = Kube(Cluster(context=cluster.context, kubeconfig=elsewhere))
    with pytest.raises(ClusterError, match=f"cluster {cluster.context} · does not answer"):
        away.listed("Pod")
