"""Machines that nobody here owns, under a real control plane: kwok answers for their kubelets.

Real: etcd, the API server with its admission, the scheduler, and the controllers that make pods, bind volumes, and
watch and empty nodes. Simulated: the nodes; what becomes of a pod that is bound (tests/fixtures/kwok/stages.yaml);
and the disks, which are one local volume for each share of the ledger, made beforehand where a provisioner of
folders makes it when asked. No image is pulled, nothing runs, and no memory is used.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control_plane import ControlPlane, control_plane, program, running

from homelab.planner import HostPlan
from homelab.specs.k3s import K3s
from servers import free_port, until

STAGES = Path(__file__).parents[1] / "fixtures/kwok/stages.yaml"
CLASS = "local"

CONTROLLERS = (
    *("deployment-controller", "replicaset-controller", "statefulset-controller", "job-controller"),
    "serviceaccount-controller",  # no pod is admitted into a namespace that has no account
    "persistentvolume-binder-controller",
    "node-lifecycle-controller",  # takes from a node that is ready the taint that every new one has
    "taint-eviction-controller",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A node: what its kubelet hands out to pods, in MiB and millicores, and its volumes: name → GiB."""

    name: str
    memory_mib: int
    cpu_m: int
    volumes: Mapping[str, int]


def machine(node: str, host: HostPlan) -> Machine:
    """What the plan makes of the host, by the kubelet's own rule for what is allocatable.

    https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources/#node-allocatable
    """
    told, budget = host.specs["k3s"], host.budget
    assert isinstance(told, K3s)
    kept_mib = told.kube_memory.value + told.system_memory.value + told.memory_available.value
    kept_m = told.kube_cpu.value + told.system_cpu.value
    stores = {name: share.value for name, share in budget.disk.shares.items() if name in budget}
    return Machine(node, budget.total.value - kept_mib, budget.cores.value - kept_m, stores)


@contextmanager
def simulated(folder: Path, machines: Sequence[Machine]) -> Iterator[ControlPlane]:
    """A cluster of these nodes, all of them ready."""
    kwok, scheduler = program("kwok", "kwok"), program("kube-scheduler")
    with control_plane(folder, *CONTROLLERS) as cluster:
        config = f"--kubeconfig={cluster.kubeconfig}"
        schedules = running(
            folder,
            str(scheduler),
            config,
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            "--authentication-skip-lookup",
            # A pod that it looks at while it takes in that a node is gone is judged by the old nodes, and no event
            # is left that would have it judged anew: the clock alone does, after 5 min unless told otherwise.
            "--pod-max-in-unschedulable-pods-duration=10s",
        )
        answers = running(
            folder,
            str(kwok),
            config,
            f"--config={STAGES}",
            "--manage-all-nodes",
            "--node-lease-duration-seconds=40",  # as a kubelet's: renewed every 10 s, missed after 50
            KWOK_WORKDIR=str(folder),  # where it looks for a person's own configuration
        )
        with schedules, answers:
            cluster.make("/apis/storage.k8s.io/v1/storageclasses", _CLASS)
            for one in machines:
                cluster.make("/api/v1/nodes", _node(one))
                for name, gib in one.volumes.items():
                    cluster.make("/api/v1/persistentvolumes", _volume(one.name, name, gib))
            until(lambda: all(_ready(cluster, one.name) for one in machines), f"nodes; see {folder / 'kwok.log'}")
            yield cluster


_CLASS = {
    "metadata": {"name": CLASS, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
}


def _node(one: Machine) -> dict[str, Any]:
    has = {"memory": f"{one.memory_mib}Mi", "cpu": f"{one.cpu_m}m", "pods": "110"}
    return {
        "metadata": {"name": one.name, "labels": {"kubernetes.io/hostname": one.name}},
        "status": {"capacity": has, "allocatable": has},
    }


def _volume(node: str, name: str, gib: int) -> dict[str, Any]:
    """Any claim on the node may take it, and takes the smallest that is large enough."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "metadata": {"name": f"{node}-{name}"},
        "spec": {
            "storageClassName": CLASS,
            "capacity": {"storage": f"{gib}Gi"},
            "accessModes": ["ReadWriteOnce"],
            "local": {"path": f"/volumes/{name}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _ready(cluster: ControlPlane, name: str) -> bool:
    """Also that no taint keeps pods away from it any more."""
    node: Any = cluster.get(f"/api/v1/nodes/{name}")
    conditions = {one["type"]: one["status"] for one in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")
