"""What objects of Kubernetes say of themselves, in its own JSON."""

from typing import Any

import pytest

from homelab.kube.standing import Standing, standing
from homelab.kube.why import Why, why


def replicas(wanted: int, generation: int = 2, **status: int) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": "docling", "generation": generation},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 2, **status},
    }


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (
            replicas(2, replicas=2, updatedReplicas=2, readyReplicas=2),
            Standing(True, "2 of 2 replicas ready"),
        ),
        (
            replicas(2, replicas=2, updatedReplicas=2, readyReplicas=1),
            Standing(False, "1 of 2 replicas ready"),
        ),
        (
            replicas(1, replicas=1, updatedReplicas=0, readyReplicas=1),
            Standing(False, "1 of 1 replicas ready, 0 of them as last deployed"),
        ),
        (
            replicas(1, replicas=2, updatedReplicas=1, readyReplicas=2),
            Standing(False, "2 of 1 replicas ready, 1 of them as last deployed"),
        ),
        (
            replicas(1, generation=3, replicas=1, updatedReplicas=1, readyReplicas=1),
            Standing(False, "1 of 1 replicas ready, its last change is not begun"),
        ),
        (replicas(1), Standing(False, "0 of 1 replicas ready, 0 of them as last deployed")),
    ],
    ids=["all", "one of two", "old pod", "old pod beside the new", "not seen yet", "nothing yet"],
)
def test_a_workload_stands_when_all_its_newest_pods_are_ready(found: dict[str, Any], state: Standing) -> None:
    assert standing(found) == state


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, Standing(False, "not at its end")),
        ({"failed": 3}, Standing(False, "not at its end, 3 tries failed")),
        ({"conditions": [{"type": "Complete", "status": "True"}]}, Standing(True, "it ran to its end")),
        (
            {"conditions": [{"type": "Failed", "status": "True", "message": "too many tries"}]},
            Standing(False, "it failed: too many tries", over=True),
        ),
    ],
    ids=["running", "tried", "done", "given up"],
)
def test_a_job_stands_when_it_ran_to_its_end(status: dict[str, Any], state: Standing) -> None:
    assert standing({"kind": "Job", "metadata": {}, "spec": {}, "status": status}) == state


def autoscaler(status: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {},
        "spec": {"minReplicas": 1, "maxReplicas": 3},
        "status": status,
    }


def test_an_autoscaler_stands_when_it_reads_its_metrics() -> None:
    cpu = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12}}}
    active = {"conditions": [{"type": "ScalingActive", "status": "True"}], "currentMetrics": [cpu]}
    assert standing(autoscaler(active)) == Standing(True, "1 to 3 replicas, cpu at 12 %")


def test_an_autoscaler_without_metrics_says_so() -> None:
    blind = {"type": "ScalingActive", "status": "False", "message": "unable to get metrics"}
    assert standing(autoscaler({"conditions": [blind]})) == Standing(False, "unable to get metrics")


def pod(*statuses: dict[str, Any], conditions: tuple[dict[str, str], ...] = (), phase: str = "Pending") -> Any:
    return {
        "metadata": {"name": "nats-0"},
        "status": {"phase": phase, "containerStatuses": list(statuses), "conditions": list(conditions)},
    }


def container(state: dict[str, Any], last: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": "nats",
        "image": "localhost/nats:1",
        "restartCount": 4,
        "state": state,
        "lastState": last or {},
    }


def warning(name: str, reason: str, message: str, at: str = "2026-11-21T10:00:00Z") -> dict[str, Any]:
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
        "involvedObject": {"name": name},
        "metadata": {},
    }


UNREADY = pod(container({"running": {}}), phase="Running")
DESCRIBE = "kubectl -n ai-infrastructure describe pod nats-0"
IMPORT = "./lab images --import brings our images to this node; --push to the registry of lab.yaml"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (
            pod(container({"waiting": {"reason": "ErrImageNeverPull", "message": "x"}})),
            Why("nats-0: ErrImageNeverPull localhost/nats:1", IMPORT),
        ),
        (
            pod(container({"waiting": {"reason": "ImagePullBackOff"}})),
            Why("nats-0: ImagePullBackOff localhost/nats:1", IMPORT),
        ),
        (
            pod(
                container(
                    {"waiting": {"reason": "CrashLoopBackOff"}},
                    {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                )
            ),
            Why(
                "nats-0: nats was killed for memory (OOMKilled), 4 restarts",
                "./lab plan shows its limit; ./lab drift proposes another profile",
            ),
        ),
        (
            pod(
                container(
                    {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {"reason": "Error", "exitCode": 1}}
                )
            ),
            Why(
                "nats-0: nats ended with 1, 4 restarts",
                "kubectl -n ai-infrastructure logs nats-0 -c nats --previous",
            ),
        ),
        (
            pod(conditions=({"type": "PodScheduled", "status": "False", "message": "0/1 nodes: cpu"},)),
            Why("nats-0 fits no node: 0/1 nodes: cpu", f"./lab plan shows what each host holds; {DESCRIBE}"),
        ),
        (
            pod(container({"waiting": {"reason": "CreateContainerConfigError", "message": 'no secret "nats"'}})),
            Why('nats-0: CreateContainerConfigError no secret "nats"', DESCRIBE),
        ),
        (UNREADY, Why("nats-0 is running and not ready yet", DESCRIBE)),
        (
            pod(container({"waiting": {"reason": "ContainerCreating"}})),
            Why("nats-0 is pending and not ready yet", DESCRIBE),
        ),
    ],
    ids=["never pulled", "not pulled", "memory", "crash", "no node", "no secret", "not ready", "starting"],
)
def test_a_pod_that_is_not_ready_says_why(found: Any, reason: Why) -> None:
    assert why([found], [], "nats") == reason


def test_a_running_pod_s_last_warning_is_told() -> None:
    events = [
        warning("nats-0", "Unhealthy", "Readiness probe failed: 503", "2026-11-21T10:05:00Z"),
        warning("nats-0", "FailedMount", "no volume", "2026-11-21T10:01:00Z"),
        warning("garage-0", "Unhealthy", "another's", "2026-11-21T10:09:00Z"),
    ]
    assert why([UNREADY], events, "nats") == Why("nats-0: Unhealthy: Readiness probe failed: 503", DESCRIBE)


def test_what_will_not_pass_is_told_before_what_may() -> None:
    starting = pod(container({"waiting": {"reason": "ContainerCreating"}}))
    killed = pod(container({"running": {}}, {"terminated": {"reason": "OOMKilled", "exitCode": 137}}))
    assert "OOMKilled" in why([starting, killed], [], "nats").given


def test_a_workload_without_pods_is_told_by_its_own_warnings() -> None:
    forbidden = warning("nats", "FailedCreate", "violates PodSecurity restricted")
    assert why([], [forbidden], "nats").given == ("no pod is made: FailedCreate: violates PodSecurity restricted")


def test_a_first_container_that_succeeded_in_the_end_is_no_reason() -> None:
    first = container({"terminated": {"exitCode": 0}}, {"terminated": {"exitCode": 1}})
    found = UNREADY | {"status": UNREADY["status"] | {"initContainerStatuses": [first]}}
    assert why([found], [], "nats").given == "nats-0 is running and not ready yet"
