"""What runs in the cluster beside what it may use, as the local platform tells it of its processes."""

import json
from collections.abc import Mapping
from typing import Any

from homelab.consumers import NAMESPACE, WORKLOADS
from homelab.errors import ClusterError
from homelab.kube.forward import answer
from homelab.lab.cluster import Cluster
from homelab.local.memory import Usage
from homelab.policy.quantity import parse
from homelab.units import MIB

LABEL = "app.kubernetes.io/name"
CONSUMERS = {name: consumer for consumer, name in WORKLOADS.items()}

ENDED = ("Succeeded", "Failed")


def usage(cluster: Cluster) -> list[Usage]:
    """Every pod that is to run on; memory as the metrics API has it, else 0. Raises ClusterError."""
    pods = json.loads(answer(cluster, ["get", "pods", "--output=json"]))["items"]
    used = _used(cluster)
    return [usage_of(pod, used) for pod in pods if pod["status"].get("phase") not in ENDED]


def usage_of(pod: Mapping[str, Any], used: Mapping[str, int]) -> Usage:
    """`used` are bytes by pod. Pure."""
    name = pod["metadata"]["name"]
    app = pod["metadata"].get("labels", {}).get(LABEL, name)
    statuses = pod["status"].get("containerStatuses", ())
    limits = [one.get("resources", {}).get("limits", {}).get("memory") for one in pod["spec"]["containers"]]
    known = [size for limit in limits if limit is not None and (size := parse(limit)) is not None]
    return Usage(
        service=name,
        consumer=CONSUMERS.get(app, app),
        state=_state(pod),
        pid=None,
        rss_mib=-(-used.get(name, 0) // MIB),
        peak_mib=None,
        limit_mib=int(sum(known)) // MIB if known else None,
        source="cgroup",
        restarts=sum(one.get("restartCount", 0) for one in statuses),
    )


def _used(cluster: Cluster) -> dict[str, int]:
    """Bytes by pod: the working set that the kubelet reads from its cgroup. Empty without a metrics API."""
    try:
        text = answer(cluster, ["get", "--raw", f"/apis/metrics.k8s.io/v1beta1/namespaces/{NAMESPACE}/pods"])
    except ClusterError:
        return {}
    return {
        one["metadata"]["name"]: int(sum(parse(part["usage"]["memory"]) or 0 for part in one["containers"]))
        for one in json.loads(text)["items"]
    }


def _state(pod: Mapping[str, Any]) -> str:
    if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ())):
        return "ready"
    for status in pod["status"].get("containerStatuses", ()):
        if waiting := status.get("state", {}).get("waiting"):
            return str(waiting.get("reason", "not ready"))
    return "not ready"
