"""Settings of what only a cluster runs: k3s' reserves, Cognee, Context Forge."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab import lab, planner, profile
from homelab.errors import BudgetExceeded, LocalError
from homelab.explain import everything
from homelab.lab import Cluster, Lab
from homelab.local import table
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


def _placed(ram_mib: int, place: tuple[str, ...], name: str = "auto") -> HostPlan:
    host = EXAMPLE.hosts["desktop"].model_copy(update={"place": place})
    return planner.plan_host(
        EXAMPLE.model_copy(update={"hosts": {"desktop": host}, "profile": name}), "desktop", facts(ram_mib)
    )


COGNEE = """\
name: mine
version: 1
extends: default
graph: {engine: cognee}
consumers:
  graph: {floor: 2048}
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mine` beside the project's own."""
    for path in profile.PROFILES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"))
    (tmp_path / "mine.yaml").write_text(COGNEE)
    load = profile.load
    monkeypatch.setattr(profile, "load", lambda *name, **facts: load(*name, folder=tmp_path, **facts))


@pytest.mark.usefixtures("profiles")
def test_cognee_opens_as_many_datasets_as_its_replica_holds() -> None:
    # alone on the host, two replicas of 6144 MiB: 6 datasets, 6144 / 4 / 6 = 256 MiB each; 1500m of CPU
    assert _placed(31949, ("graph",), "mine").specs["cognee"].settings() == {
        "DATABASE_MAX_LRU_CACHE_SIZE": "6",
        "DATASET_QUEUE_MAX_CONCURRENT": "6",
        "KUZU_BUFFER_POOL_SIZE": "268435456",
        "KUZU_NUM_THREADS": "1",
        "EMBEDDING_DIMENSIONS": "384",
        "EMBEDDING_BATCH_SIZE": "32",
    }


@pytest.mark.usefixtures("profiles")
def test_cognee_at_its_floor_still_opens_two() -> None:
    # 3700 − 740 − 74 = 2886 MiB: the floor and 838, too little for a second replica: one stays at its floor
    settings = _placed(3700, ("graph",), "mine").specs["cognee"].settings()
    assert settings["DATABASE_MAX_LRU_CACHE_SIZE"] == "2"
    assert settings["KUZU_BUFFER_POOL_SIZE"] == str(256 * 1024**2)


@pytest.mark.usefixtures("profiles")
def test_the_local_platform_says_that_it_has_no_cognee() -> None:
    plan = _placed(31949, ("postgres", "nats", "oxigraph", "litellm", "graph"), "mine")
    with pytest.raises(LocalError) as refusal:
        table.platform(EXAMPLE, plan)
    assert str(refusal.value) == (
        "profile mine graph.engine · cognee · the local platform builds the graph itself · write own"
    )


def test_our_own_builder_has_no_settings_of_cognee() -> None:
    assert "cognee" not in _placed(31949, ("graph",)).specs


@pytest.mark.usefixtures("profiles")
def test_every_value_of_them_is_explained() -> None:
    plans = [planner.plan_host(TWO, "desktop", facts(31949)), _placed(31949, ("graph", "context-forge"), "mine")]
    found = [one for plan in plans for one in everything(plan)]
    assert {"k3s", "cognee", "context-forge"} <= {one.name.partition(".")[0] for one in found}
    for one in found:
        assert one.figure.chain[0].kind in ("fact", "profile"), one.name
        assert one.figure.chain[-1].value == f"{one.figure.value} {one.figure.unit}".rstrip(), one.name
