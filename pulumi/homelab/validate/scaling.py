"""Whether autoscalers end where the ledger does: at the replicas that the burst pool holds."""

from collections.abc import Iterator, Sequence

from homelab.consumers import workload
from homelab.kube.client import Object
from homelab.policy import Ledger
from homelab.validate.outcome import Outcome, failed, held, left_out
from homelab.validate.workloads import app

BURST = ("extract", "graph")


def outcomes(
    stack: str, manifests: Sequence[Object], autoscalers: Sequence[Object], ledger: Ledger
) -> Iterator[Outcome]:
    """One for each burst workload that the stack deploys; `autoscalers` are the cluster's own."""
    deployed = {app(one) for one in manifests if one["kind"] == "Deployment"}
    most = {app(one): one["spec"]["maxReplicas"] for one in autoscalers}
    for consumer in BURST:
        name = workload(consumer)
        if name not in deployed or name not in ledger.workloads:
            continue
        allowed, told = ledger.workloads[name], f"{name} at most"
        pods = allowed.pods
        if pods == allowed.hosts:
            where = "" if pods == 1 else " on each of its hosts"
            reason = f"the ledger holds one replica of it{where}"
            yield left_out(f"{name} scales", reason, f"./lab explain {consumer}.replicas")
        elif most.get(name) != pods:
            given = f"{most.get(name, 'no')} replicas, the ledger holds {pods}"
            yield failed(told, given, f"./lab pulumi-up --stack {stack}")
        else:
            yield held(told, f"{pods} replicas, which the ledger holds")
