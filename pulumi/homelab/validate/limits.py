"""Whether every running container is held to what the ledger says: the plan beside what the kubelet enforces."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from homelab.kube.client import Object
from homelab.policy import Ledger
from homelab.policy.quantity import parse
from homelab.units import MIB
from homelab.validate.outcome import Outcome, failed, held
from homelab.validate.workloads import LABEL

WHAT = "memory limits"


def limits(stack: str, apps: Sequence[str], pods: Sequence[Object], ledger: Ledger) -> Outcome:
    """Of the running containers of `apps`."""
    count, total, wrong = 0, 0, []
    for pod in pods:
        name = pod["metadata"].get("labels", {}).get(LABEL)
        if name not in apps or name not in ledger.workloads:
            continue
        allowed = ledger.workloads[name].memory
        for container, limit in _running(pod):
            count, total = count + 1, total + allowed
            if limit != allowed:
                given = "no limit" if limit is None else f"{limit // MIB} MiB"
                wrong.append(f"{container} of {pod['metadata']['name']} has {given}, not {allowed // MIB}")
    if wrong:
        return failed(WHAT, "; ".join(wrong), f"./lab pulumi-up --stack {stack}")
    if not count:
        return failed(WHAT, "no container runs", "see why above")
    return held(WHAT, f"{count} containers, {total // MIB} MiB together, each as the ledger says")


def _running(pod: Object) -> Iterator[tuple[str, Decimal | None]]:
    """Container → its limit in bytes: what the kubelet says that it enforces, else what it was asked to."""
    wanted = {one["name"]: one.get("resources", {}) for one in pod["spec"]["containers"]}
    for status in pod.get("status", {}).get("containerStatuses", ()):
        if "running" in status.get("state", {}):
            yield status["name"], _memory(status.get("resources") or wanted[status["name"]])


def _memory(resources: Mapping[str, Any]) -> Decimal | None:
    text = resources.get("limits", {}).get("memory")
    return None if text is None else parse(text)
