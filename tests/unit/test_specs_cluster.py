"""Settings of what only a cluster runs: k3s' reserves and Context Forge."""

from hypothesis import given
from hypothesis import strategies as st

from homelab import lab, planner
from homelab.errors import BudgetExceeded
from homelab.explain import everything
from homelab.lab import Cluster, Lab
from homelab.planner import HostPlan
from unit.hosts import facts

EXAMPLE = lab.load(lab.EXAMPLE)
PI = EXAMPLE.hosts["desktop"].model_copy(update={"address": "pi.lan", "place": ("nats",)})
TWO = EXAMPLE.model_copy(
    update={
        "hosts": {"pi": PI, **EXAMPLE.hosts},
        "cluster": Cluster(context="k3s", nodes={"pi": "pi-control", "desktop": "desktop"}),
    }
)
"""The desktop is local, so it is the server, although it is named last."""


def k3s(lab: Lab, host: str, ram_mib: int, **machine: object) -> dict[str, str]:
    return planner.plan_host(lab, host, facts(ram_mib, host=host, **machine)).specs["k3s"].settings()  # type: ignore[arg-type]


def test_a_server_keeps_the_ledgers_reserve_from_pods() -> None:
    # reserve 20 % of 31900 = 6380, of it k3s 1600; headroom 1956; CPU 10 % of 8 cores
    assert k3s(TWO, "desktop", 31949) == {
        "kube-reserved.memory": "1600Mi",
        "kube-reserved.cpu": "400m",
        "system-reserved.memory": "4780Mi",
        "system-reserved.cpu": "400m",
        "eviction-hard.memory.available": "978Mi",
        "eviction-hard.nodefs.available": "5%",
        "eviction-hard.imagefs.available": "5%",
    }


def test_an_agent_keeps_less_for_k3s_and_evicts_before_the_kernel_must() -> None:
    # reserve 20 % of 7800 = 1560; headroom 2 % = 156, whose half is below the kubelet's own 100
    assert k3s(TWO, "pi", 7899, cores=4) == {
        "kube-reserved.memory": "275Mi",
        "kube-reserved.cpu": "200m",
        "system-reserved.memory": "1285Mi",
        "system-reserved.cpu": "200m",
        "eviction-hard.memory.available": "100Mi",
        "eviction-hard.nodefs.available": "5%",
        "eviction-hard.imagefs.available": "5%",
    }


def test_whether_a_host_is_the_server_does_not_hang_on_the_order_of_names() -> None:
    first = PI.model_copy(update={"address": "attic.lan"})
    cluster = Cluster(context="k3s", nodes={"attic": "attic", "desktop": "desktop"})
    lab = TWO.model_copy(update={"hosts": {"attic": first, **EXAMPLE.hosts}, "cluster": cluster})
    assert k3s(lab, "attic", 31949)["kube-reserved.memory"] == "275Mi"


def test_without_a_local_node_the_first_is_the_server() -> None:
    away = {name: host.model_copy(update={"address": f"{name}.lan"}) for name, host in TWO.hosts.items()}
    assert k3s(TWO.model_copy(update={"hosts": away}), "pi", 31949)["kube-reserved.memory"] == "1600Mi"


def test_a_host_outside_the_cluster_has_no_kubelet() -> None:
    assert "k3s" not in planner.plan_host(EXAMPLE, "desktop", facts(31949)).specs


@given(st.integers(2000, 1_000_000))
def test_a_node_can_hand_out_every_limit_of_its_ledger(ram_mib: int) -> None:
    try:
        plan = planner.plan_host(TWO, "pi", facts(ram_mib, host="pi"))
    except BudgetExceeded:
        return
    own = plan.specs["k3s"].settings()
    kept = sum(int(own[f"{of}.memory"].removesuffix("Mi")) for of in ("kube-reserved", "system-reserved"))
    pods = sum(line.total_mib for line in plan.budget.lines if line.consumer not in ("reserve", "headroom"))
    evicted = int(own["eviction-hard.memory.available"].removesuffix("Mi"))
    assert ram_mib - kept - evicted >= pods
    assert 0 < evicted <= plan.budget.line("headroom").limit.value


def test_context_forge_asks_the_database_for_a_handful_of_connections() -> None:
    assert _placed(31949, ("context-forge",)).specs["context-forge"].settings() == {
        "GUNICORN_WORKERS": "1",
        "DB_POOL_SIZE": "5",
        "DB_MAX_OVERFLOW": "5",
        "JQ_FILTER_WORKERS": "1",
        "REGEX_WORKERS": "1",
        "CACHE_TYPE": "memory",
    }


def _placed(ram_mib: int, place: tuple[str, ...]) -> HostPlan:
    host = EXAMPLE.hosts["desktop"].model_copy(update={"place": place})
    return planner.plan_host(EXAMPLE.model_copy(update={"hosts": {"desktop": host}}), "desktop", facts(ram_mib))


def test_every_value_of_them_is_explained() -> None:
    plans = [planner.plan_host(TWO, "desktop", facts(31949)), _placed(31949, ("context-forge",))]
    found = [one for plan in plans for one in everything(plan)]
    assert {"k3s", "context-forge"} <= {one.name.partition(".")[0] for one in found}
    for one in found:
        assert one.figure.chain[0].kind in ("fact", "profile"), one.name
        assert one.figure.chain[-1].value == f"{one.figure.value} {one.figure.unit}".rstrip(), one.name
