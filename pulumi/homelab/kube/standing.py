"""Whether a workload stands as it was asked to, from its own status. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """`over`: waiting helps no more. `told` is a line's part, such as `1 of 2 replicas ready`."""

    ready: bool
    told: str
    over: bool = False


def standing(found: Object) -> Standing:
    """Of a Deployment, StatefulSet, Job or HorizontalPodAutoscaler. Raises KeyError for another kind."""
    return _KINDS[found["kind"]](found)


def _replicas(found: Object) -> Standing:
    """Of its newest generation, all of them: an old pod beside them is not what was deployed."""
    status, wanted = found.get("status", {}), found["spec"].get("replicas", 1)
    ready = status.get("readyReplicas", 0)
    told = f"{ready} of {wanted} replicas ready"
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 1):
        return Standing(False, f"{told}, its last change is not begun")
    updated = status.get("updatedReplicas", 0)
    if updated < wanted or status.get("replicas", 0) > wanted:
        return Standing(False, f"{told}, {updated} of them as last deployed")
    return Standing(ready >= wanted, told)


def _job(found: Object) -> Standing:
    for condition in found.get("status", {}).get("conditions", ()):
        if condition["status"] == "True" and condition["type"] in {"Complete", "SuccessCriteriaMet"}:
            return Standing(True, "it ran to its end")
        if condition["status"] == "True" and condition["type"] == "Failed":
            return Standing(False, f"it failed: {condition.get('message', condition.get('reason', ''))}", True)
    failed = found.get("status", {}).get("failed", 0)
    return Standing(False, f"not at its end, {failed} tries failed" if failed else "not at its end")


def _autoscaler(found: Object) -> Standing:
    """It counts once it reads its metrics: before, it would never scale."""
    for condition in found.get("status", {}).get("conditions", ()):
        if condition["type"] == "ScalingActive":
            if condition["status"] == "True":
                least, most = found["spec"].get("minReplicas", 1), found["spec"]["maxReplicas"]
                return Standing(True, f"{least} to {most} replicas, {_metrics(found)}")
            return Standing(False, condition.get("message", condition.get("reason", "")))
    return Standing(False, "it has not looked yet")


def _metrics(found: Object) -> str:
    read = (one["resource"] for one in found["status"].get("currentMetrics") or () if one["type"] == "Resource")
    return ", ".join(f"{one['name']} at {one['current'].get('averageUtilization', '?')} %" for one in read)


_KINDS = {
    "Deployment": _replicas,
    "StatefulSet": _replicas,
    "Job": _job,
    "HorizontalPodAutoscaler": _autoscaler,
}
