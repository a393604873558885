"""The lab of six machines on simulated nodes: all of its phases applied, and where its pods came to be.

Two operators are not here, and their objects are left out: CloudNativePG's `Cluster`, for which `POSTGRES` stands,
and KEDA's `ScaledObject`, of which `grow` does what a full queue would do.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control_plane import ControlPlane
from simulated import Machine, machine, simulated
from test_manifests import NAMESPACE, path

from homelab.components.labels import NAME
from servers import until
from unit.rendering import Manifest, one
from unit.test_scale_out import CORE, STACKS, found, six

OPERATED = ("Cluster", "ScaledObject")
POSTGRES = "postgres-stand-in"
ENDED = "Succeeded"
WITHIN = 90.0
"""Seconds until some 30 pods are ready; two cores that built something else meanwhile took up to 40."""


def machines() -> dict[str, Machine]:
    """Those that lab.yaml makes nodes of the cluster, by the nodes' names."""
    what = six()
    return {node: machine(node, what.plan.host(host)) for host, node in what.lab.nodes.items()}


@contextmanager
def deployed(folder: Path, **changed: Machine) -> Iterator["Six"]:
    """Every phase on the nodes, its pods ready; nodes as in `changed` where that names them."""
    nodes = machines() | changed
    with simulated(folder, list(nodes.values())) as cluster:
        made = Six(cluster)
        for stack in STACKS:
            for manifest in found(stack):
                if manifest["kind"] not in OPERATED:
                    made.apply(manifest)
        made.apply(instances())
        made.settle()
        yield made


@dataclass(frozen=True, slots=True)
class Six:
    cluster: ControlPlane

    def apply(self, manifest: Manifest) -> None:
        answer = self.cluster.client.patch(
            path(manifest),
            params={"fieldManager": "test", "fieldValidation": "Strict"},
            content=json.dumps(manifest),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, f"{path(manifest)}: {answer.text}"

    def merge(self, where: str, change: Mapping[str, Any]) -> None:
        answer = self.cluster.client.patch(
            where, content=json.dumps(change), headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.is_success, f"{where}: {answer.text}"

    def listed(self, kind: str, api: str = "/api/v1") -> list[Any]:
        answer: Any = self.cluster.get(f"{api}/namespaces/{NAMESPACE}/{kind}")
        return list(answer["items"])

    def grow(self) -> None:
        """Every worker as often as its ScaledObject allows: what KEDA tells a Deployment while a queue is full."""
        for stack in STACKS:
            for manifest in found(stack):
                if manifest["kind"] == "ScaledObject":
                    spec = manifest["spec"]
                    where = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{spec['scaleTargetRef']['name']}"
                    self.merge(f"{where}/scale", {"spec": {"replicas": spec["maxReplicaCount"]}})

    def look(self) -> None:
        """A run of every suspended CronJob, as `./lab validate` starts it."""
        for stack in STACKS:
            for manifest in found(stack):
                if manifest["kind"] == "CronJob":
                    run = {key: manifest["metadata"][key] for key in ("name", "namespace")}
                    spec = manifest["spec"]["jobTemplate"]["spec"]
                    self.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": run, "spec": spec})

    def node(self, name: str) -> Any:
        return self.cluster.get(f"/api/v1/nodes/{name}")

    def lose(self, node: str) -> None:
        """As a person tells a cluster of a host that is off: what does not tolerate that has to go from it."""
        taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
        self.merge(f"/api/v1/nodes/{node}", {"spec": {"taints": [taint]}})

    def settle(self) -> None:
        try:
            until(lambda: not list(self.unsettled()), "every workload has all of its pods, ready or ended", WITHIN)
        except AssertionError as error:
            raise AssertionError(f"{list(self.unsettled())} lack pods; waiting: {self.waiting()}") from error

    def unsettled(self) -> Iterator[str]:
        """Workloads that have not as many ready pods as they want, or have not come to their end."""
        for kind in ("deployments", "statefulsets"):
            for workload in self.listed(kind, "/apis/apps/v1"):
                status = workload["status"]
                seen = status.get("observedGeneration") == workload["metadata"]["generation"]
                if not seen or status.get("readyReplicas") != workload["spec"]["replicas"]:
                    yield workload["metadata"]["name"]
        for job in self.listed("jobs", "/apis/batch/v1"):
            if not job["status"].get("succeeded"):
                yield job["metadata"]["name"]

    def pods(self) -> list[Any]:
        """Those that are there to stay, or have ended."""
        return [pod for pod in self.listed("pods") if "deletionTimestamp" not in pod["metadata"]]

    def placed(self) -> dict[str, list[str]]:
        """App → the nodes that the scheduler has given its pods."""
        where = defaultdict(list)
        for pod in self.pods():
            if "nodeName" in pod["spec"]:
                where[app(pod)].append(pod["spec"]["nodeName"])
        return {name: sorted(nodes) for name, nodes in where.items()}

    def waiting(self) -> dict[str, list[str]]:
        """App → what the scheduler says of its pods that it has found no node for, or "" if it has not looked."""
        why = defaultdict(list)
        for pod in self.pods():
            if "nodeName" not in pod["spec"]:
                said = [one for one in pod["status"].get("conditions", []) if one["type"] == "PodScheduled"]
                why[app(pod)].append("".join(one["message"] for one in said))
        return {name: sorted(messages) for name, messages in why.items()}

    def wait_for(self, wanted: Mapping[str, int]) -> None:
        """Until so many pods of each app wait, and the scheduler has looked at each."""
        until(
            lambda: {name: len(why) for name, why in self.waiting().items() if all(why)} == wanted,
            f"waiting: {wanted}",
            WITHIN,
        )

    def waiting_among(self, nodes: int, apps: Collection[str]) -> list[str]:
        """What the scheduler said of pods of these apps when there were so many nodes."""
        said = [why for name, all_said in self.waiting().items() if name in apps for why in all_said]
        return [why for why in said if why.startswith(f"0/{nodes} ")]

    def reasons(self) -> dict[str, set[str]]:
        """App → why none of the nodes takes those that wait. What follows is said of preemption."""
        return {name: {said.partition(". ")[0] for said in why} for name, why in self.waiting().items()}


def app(pod: Mapping[str, Any]) -> str:
    name: str = pod["metadata"]["labels"][NAME]
    return name


def instances() -> Manifest:
    """As many pods as the operator makes of our `Cluster`, with its requests, places and volumes.

    A StatefulSet, which the operator does without: it makes pods one by one, each after a Job that joins it.
    """
    asked = one(found(CORE), "Cluster", "supabase-postgres")["spec"]
    labels, placing = {NAME: POSTGRES}, asked["affinity"]
    apart = {"labelSelector": {"matchLabels": labels}, "topologyKey": placing["topologyKey"]}
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    room = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": asked["storage"]["size"]}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": POSTGRES, "namespace": NAMESPACE},
        "spec": {
            "serviceName": POSTGRES,
            "replicas": asked["instances"],
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                    "affinity": {
                        "nodeAffinity": placing["nodeAffinity"],
                        "podAntiAffinity": {required: [apart]},
                    },
                    "containers": [
                        {
                            "name": "postgres",
                            "image": asked["imageName"],
                            "resources": asked["resources"],
                            "securityContext": restricted,
                            "volumeMounts": [{"name": "data", "mountPath": "/var/lib/postgresql"}],
                        }
                    ],
                },
            },
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": room}],
        },
    }
