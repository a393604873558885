"""Memory and CPU: every container says what it needs, and no pod may take more than the ledger gives it."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from homelab.policy.ledger import Allowance, Ledger
from homelab.policy.manifest import Container, Manifest, Manifests, Pod, at, breach, many, pods, workload_of
from homelab.policy.quantity import parse
from homelab.policy.violation import Violations

AMOUNTS = ("memory", "cpu")
FIX = "take it from the component's spec, which the ledger made"


def present(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Requests and limits of memory and CPU, requests within limits."""
    for pod in pods(manifests):
        for container in pod.containers:
            for amount in AMOUNTS:
                yield from _said(pod, container, amount)


def _said(pod: Pod, container: Container, amount: str) -> Violations:
    place = f"{container.place}.resources"
    said = {key: at(container.spec, "resources", key, amount) for key in ("requests", "limits")}
    read = {key: parse(value) for key, value in said.items() if value is not None}
    for key, value in said.items():
        if value is None:
            why = "without it the kernel and the scheduler know no bound"
            yield pod.breach("limits.present", f"{place}.{key}.{amount}", "none", why, FIX)
        elif (number := read[key]) is None or number <= 0:
            why = "it must be a positive quantity, such as 512Mi or 250m"
            yield pod.breach("limits.present", f"{place}.{key}.{amount}", str(value), why, FIX)
    request, limit = read.get("requests"), read.get("limits")
    if request is not None and limit is not None and request > limit:
        given = f"{said['requests']} of at most {said['limits']}"
        yield pod.breach("limits.present", f"{place}.requests.{amount}", given, "requests stay within limits", FIX)


def inside_the_ledger(manifests: Manifests, ledger: Ledger) -> Violations:
    """The containers of a pod together, and memory-backed volumes, stay within the workload's allowance."""
    for pod in pods(manifests):
        allowed = ledger.workloads.get(workload_of(pod.manifest))
        if allowed is None:
            why = "a workload without a line in the ledger takes from the others"
            fix = "place its consumer in lab.yaml, or leave it out"
            yield pod.breach("limits.ledger", "", "not in the plan", why, fix)
            continue
        memory, millicores = (_needed(pod, amount) for amount in AMOUNTS)
        if memory > allowed.memory:
            given = f"{_mib(memory)} of {_mib(Decimal(allowed.memory))}"
            why = f"the ledger gives {allowed.consumer} no more memory"
            yield pod.breach("limits.ledger", "", given, why, FIX)
        if millicores * 1000 > allowed.millicores:
            given = f"{math.ceil(millicores * 1000)}m of {allowed.millicores}m"
            yield pod.breach("limits.ledger", "", given, f"the ledger gives {allowed.consumer} no more CPU", FIX)
        yield from _shared_memory(pod, allowed)


def operated(manifests: Manifests, ledger: Ledger) -> Violations:
    """The pods that an operator makes of its object: each within the workload's allowance."""
    for manifest in manifests:
        if manifest.get("kind") != "Cluster":
            continue
        allowed = ledger.workloads.get(workload_of(manifest))
        for amount in AMOUNTS:
            said = at(manifest, "spec", "resources", "limits", amount)
            limit, path = parse(said), f"spec.resources.limits.{amount}"
            if limit is None or limit <= 0:
                why = "without it the kernel and the scheduler know no bound"
                yield breach(manifest, "limits.operated", path, str(said or "none"), why, FIX)
            elif allowed is None:
                fix = "place its consumer in lab.yaml, or leave it out"
                yield breach(manifest, "limits.operated", path, "not in the plan", "it takes from the others", fix)
            elif limit > (allowed.memory if amount == "memory" else Decimal(allowed.millicores) / 1000):
                why = f"the ledger gives {allowed.consumer} no more"
                yield breach(manifest, "limits.operated", path, str(said), why, FIX)


def _needed(pod: Pod, amount: str) -> Decimal:
    """What Kubernetes counts: what runs together is summed; an init container runs beside the sidecars alone."""
    together, before = Decimal(0), Decimal(0)
    for container in pod.containers:
        limit = parse(at(container.spec, "resources", "limits", amount)) or Decimal(0)
        if container.stage == "init":
            before = max(before, together + limit)
        else:
            together += limit
    return max(together, before)


def _shared_memory(pod: Pod, allowed: Allowance) -> Violations:
    """The pages of a memory-backed volume are charged to the container that writes them."""
    for number, volume in enumerate(many(pod.spec.get("volumes"))):
        if at(volume, "emptyDir", "medium") != "Memory":
            continue
        said = at(volume, "emptyDir", "sizeLimit")
        size, place = parse(said), f"volumes[{number}].emptyDir.sizeLimit"
        if size is None:
            why = "without it, it may grow to half of the node's memory"
            yield pod.breach("limits.shared-memory", place, str(said or "none"), why, FIX)
        elif size > allowed.memory:
            why = f"it counts as memory of {allowed.consumer}, which has {_mib(Decimal(allowed.memory))}"
            yield pod.breach("limits.shared-memory", place, str(said), why, FIX)


def replicas(manifests: Manifests, ledger: Ledger) -> Violations:
    """No more pods at once than the ledger holds, neither scaled, nor parallel, nor while one replaces another."""
    for manifest in manifests:
        allowed = ledger.workloads.get(_scaled(manifest))
        if allowed is None:
            continue
        for path, pods_at_once in _pods_at_once(manifest):
            number = pods_at_once if isinstance(pods_at_once, int) and not isinstance(pods_at_once, bool) else None
            if number is None or number > allowed.pods:
                given = f"{pods_at_once} of {allowed.pods}"
                why = f"the ledger holds no more pods of {allowed.consumer}"
                yield breach(manifest, "limits.replicas", path, given, why, FIX)


def _scaled(manifest: Manifest) -> str:
    target = at(manifest, "spec", "scaleTargetRef", "name")
    return workload_of(manifest) if target is None else str(target)


def _pods_at_once(manifest: Manifest) -> Iterable[tuple[str, Any]]:
    """(path, number of pods); what is missing is Kubernetes' default."""
    spec = manifest.get("spec") or {}
    match manifest.get("kind"):
        case "Deployment":
            yield "spec.replicas", (count := spec.get("replicas", 1))
            strategy = spec.get("strategy") or {}
            if strategy.get("type", "RollingUpdate") == "RollingUpdate":
                surge = at(strategy, "rollingUpdate", "maxSurge")
                extra = _surge("25%" if surge is None else surge, count)
                yield "spec.strategy.rollingUpdate.maxSurge", extra and count + extra
        case "StatefulSet" | "ReplicaSet":
            yield "spec.replicas", spec.get("replicas", 1)
        case "Job":
            yield "spec.parallelism", spec.get("parallelism", 1)
        case "CronJob":
            job = at(spec, "jobTemplate", "spec") or {}
            overlap = 1 if spec.get("concurrencyPolicy", "Allow") == "Allow" else 0
            yield "spec.concurrencyPolicy", job.get("parallelism", 1) + overlap
        case "HorizontalPodAutoscaler":
            yield "spec.maxReplicas", spec.get("maxReplicas")
            yield "spec.minReplicas", spec.get("minReplicas", 1)
        case "Cluster":
            yield "spec.instances", spec.get("instances", 1)
        case "ScaledObject":
            yield "spec.maxReplicaCount", spec.get("maxReplicaCount", 100)
            yield "spec.minReplicaCount", spec.get("minReplicaCount", 0)


def _surge(surge: Any, count: Any) -> int:
    """Pods beyond `count` during a rollout; a share is rounded up, as Kubernetes does."""
    if not isinstance(count, int):
        return 0
    if isinstance(surge, str) and surge.endswith("%") and surge[:-1].isdigit():
        return math.ceil(count * int(surge[:-1]) / 100)
    return surge if isinstance(surge, int) else 0


def _mib(size: Decimal) -> str:
    return f"{math.ceil(size / 2**20)} MiB"
