"""Each product's own rules, by hand, also where no profile of ours takes a host today."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from homelab import lab, planner, profile
from homelab.budget import Budget
from homelab.facts import StorageClass
from homelab.figure import given
from homelab.specs.autoscaling import autoscaling
from homelab.specs.context_forge import context_forge
from homelab.specs.embedder import embedder
from homelab.specs.garage import garage
from homelab.specs.k3s import k3s
from homelab.specs.litellm import litellm
from homelab.specs.llama_server import llama_server
from homelab.specs.nats import nats
from homelab.specs.pipeline import pipeline
from homelab.specs.postgres import postgres
from homelab.specs.serving import Steps
from homelab.specs.share import Share, share, together
from homelab.specs.timescaledb import timescaledb
from homelab.units import MIB
from unit.hosts import facts

DEFAULT = profile.load("default", ram_mib=1)
EXAMPLE = lab.load(lab.EXAMPLE)
PLACED = (
    *("postgres", "nats", "litellm", "garage", "extract", "embedder", "chunk", "embed", "api"),
    *("context-forge", "timescaledb", "llama-server"),
)


def plan(storage: StorageClass = "nvme") -> Budget:
    host = EXAMPLE.hosts["desktop"].model_copy(update={"place": PLACED})
    known = EXAMPLE.model_copy(update={"hosts": {"desktop": host}, "profile": "default"})
    return planner.plan_host(known, "desktop", facts(120_000, storage=storage)).budget


BUDGET = plan()


def granted(consumer: str, mib: int, millicores: int = 1000) -> Budget:
    """A host whose ledger gives the consumer just that."""
    limit, cores = given("rule", "granted", mib, "MiB", ""), given("rule", "granted", millicores, "m", "")
    lines = [
        replace(line, limit=limit, cpu_limit=cores) if line.consumer == consumer else line for line in BUDGET.lines
    ]
    return replace(BUDGET, lines=tuple(lines))


@pytest.mark.parametrize(
    ("mib", "millicores", "workers", "cache"),
    [
        (512, 500, "1", "memory"),  # as every profile has it
        (300, 4000, "1", "memory"),
        (1023, 4000, "1", "memory"),
        (1024, 4000, "2", "database"),
        (1600, 4000, "3", "database"),
        (8192, 2000, "2", "database"),
        (8192, 2999, "2", "database"),
    ],
)
def test_context_forge_has_a_worker_for_each_512_mib_and_each_core(
    mib: int, millicores: int, workers: str, cache: str
) -> None:
    settings = context_forge(granted("context-forge", mib, millicores)).settings()
    assert (settings["GUNICORN_WORKERS"], settings["CACHE_TYPE"]) == (workers, cache)


@pytest.mark.parametrize(
    ("mib", "millicores", "workers"),
    [
        (300, 500, "1"),
        (1023, 4000, "1"),
        (1024, 4000, "2"),
        (1599, 4000, "3"),
        (8192, 2000, "2"),
        (8192, 2999, "2"),
    ],
)
def test_litellm_has_a_worker_for_each_512_mib_and_each_core(mib: int, millicores: int, workers: str) -> None:
    assert litellm(granted("litellm", mib, millicores)).settings()["NUM_WORKERS"] == workers


@pytest.mark.parametrize(("mib", "buffer"), [(320, "128MiB"), (642, "256MiB"), (1000, "256MiB")])
def test_garage_buffers_up_to_its_own_default(mib: int, buffer: str) -> None:
    assert garage(granted("garage", mib)).settings()["block_ram_buffer_max"] == buffer


@pytest.mark.parametrize(("cores", "kinds"), [(1, ["fact", "profile"]), (4, ["fact", "profile"])])
def test_threads_that_the_cores_allow_are_not_said_to_be_cut(cores: int, kinds: list[str]) -> None:
    host = replace(BUDGET, cores=given("fact", "cores", cores * 1000, "m", ""))
    chain = embedder(host, DEFAULT).threads.chain
    assert ([step.kind for step in chain], chain[-1].because) == (kinds, "1 at least")


@pytest.mark.parametrize(("mib", "kept"), [(96, "8MiB"), (256, "8MiB"), (320, "10MiB"), (4096, "64MiB")])
def test_nats_keeps_a_32nd_of_its_limit_for_a_slow_client_from_8_to_64_mib(mib: int, kept: str) -> None:
    assert nats(granted("nats", mib)).settings()["max_pending"] == kept


@pytest.mark.parametrize(("mib", "connections"), [(300, "20"), (672, "21"), (3199, "99"), (6400, "100")])
def test_timescaledb_has_a_connection_for_each_32_mib_from_20_to_100(mib: int, connections: str) -> None:
    assert timescaledb(granted("timescaledb", mib)).settings()["max_connections"] == connections


@pytest.mark.parametrize(("millicores", "cpus"), [(500, "1"), (2999, "2")])
def test_timescaledb_is_told_whole_cores_and_one_at_least(millicores: int, cpus: str) -> None:
    assert timescaledb(granted("timescaledb", 512, millicores)).settings()["timescaledb.maxcpus"] == cpus


@pytest.mark.parametrize(("total", "target"), [(16_384, "70"), (16_385, "80")])
def test_up_to_16_gib_another_extractor_starts_before_the_first_is_short(total: int, target: str) -> None:
    host = replace(BUDGET, total=given("fact", "ram", total, "MiB", ""))
    assert autoscaling(host, DEFAULT, "extract").settings()["memory.averageUtilization"] == target


@pytest.mark.parametrize(("millicores", "target"), [(7_995, "80"), (8_000, "70")])
def test_below_eight_whole_cores_each_extractor_works_longer(millicores: int, target: str) -> None:
    host = replace(BUDGET, cores=given("fact", "cores", millicores, "m", ""))
    assert autoscaling(host, DEFAULT, "extract").settings()["cpu.averageUtilization"] == target


def test_of_a_small_reserve_k3s_has_half() -> None:
    """Where the 1600 MiB that a server takes are more than that."""
    cluster = lab.Cluster(context="k3s", nodes={"desktop": "desktop"})
    settings = k3s(granted("reserve", 401), DEFAULT, EXAMPLE.model_copy(update={"cluster": cluster})).settings()
    assert (settings["kube-reserved.memory"], settings["system-reserved.memory"]) == ("200Mi", "201Mi")


@pytest.mark.parametrize(
    ("storage", "cost", "requests"),
    [("nvme", "1.1", "200"), ("ssd", "1.1", "100"), ("emmc", "1.5", "8"), ("sd", "2.0", "2"), ("hdd", "4.0", "2")],
)
def test_postgres_knows_what_a_random_page_costs_on_its_disk(
    storage: StorageClass, cost: str, requests: str
) -> None:
    settings = postgres(plan(storage)).settings()
    assert (settings["random_page_cost"], settings["effective_io_concurrency"]) == (cost, requests)


def test_postgres_is_never_told_less_work_mem_than_it_takes() -> None:
    # A sixth of 4 MiB over 20 connections would be 34 kB.
    assert postgres(granted("postgres", 4)).settings()["work_mem"] == "64kB"


@pytest.mark.parametrize(("mib", "buffers"), [(100, "1MB"), (664, "4MB"), (700, "5MB"), (9640, "16MB")])
def test_the_wal_buffers_are_three_percent_of_the_shared_ones_up_to_a_segment(mib: int, buffers: str) -> None:
    # 664 MiB have 166 of shared buffers, of which three percent are 4.98.
    assert postgres(granted("postgres", mib)).settings()["wal_buffers"] == buffers


def test_a_part_of_a_core_is_no_parallel_worker() -> None:
    assert postgres(granted("postgres", 4096, 1999)).settings()["max_parallel_workers"] == "1"


def test_a_hash_join_is_counted_for_every_process_of_a_query() -> None:
    [row] = [row for row in postgres(granted("postgres", 12_000, 6000)).table() if row.name == "shm_size"]
    assert row.figure.chain[-1].because.endswith(" for a hash join of 4 processes")  # half of 6, and the leader


def test_workers_that_the_memory_allows_are_not_said_to_be_cut() -> None:
    rows = postgres(granted("postgres", 8 * 128, 8000)).table()
    [row] = [row for row in rows if row.name == "max_parallel_workers"]
    assert (row.figure.value, row.figure.chain[-1].because) == (8, "one for each core it may use")


def test_the_shared_memory_of_the_container_is_no_parameter_of_postgres() -> None:
    spec = postgres(BUDGET)
    assert spec.settings().keys() - spec.parameters().keys() == {"shm_size"}


def test_the_memory_of_a_sort_says_over_what_it_is_shared() -> None:
    def reason(budget: Budget) -> str:
        [row] = [row for row in postgres(budget).table() if row.name == "work_mem"]
        return row.figure.chain[-1].because

    alone = replace(BUDGET, lines=tuple(one for one in BUDGET.lines if one.consumer in {"reserve", "postgres"}))
    assert reason(BUDGET).endswith(" connections")
    assert reason(alone).endswith(" connections and half of 4 cores")


def test_what_postgres_may_expect_cached_says_whose_the_page_cache_is() -> None:
    def reason(budget: Budget) -> str:
        [row] = [row for row in postgres(budget).table() if row.name == "effective_cache_size"]
        return row.figure.chain[-1].because

    alone = replace(BUDGET, lines=tuple(one for one in BUDGET.lines if one.consumer in {"reserve", "postgres"}))
    assert reason(BUDGET) == "50 % of the limit: it shares the host's page cache"
    assert reason(alone) == "75 % of the limit: the page cache is its own"


@pytest.mark.parametrize(("millicores", "threads"), [(500, "1"), (7992, "7")])
def test_threads_are_whole_cores_and_one_at_least(millicores: int, threads: str) -> None:
    stages = pipeline(granted("extract", 700, millicores), DEFAULT, EXAMPLE)
    assert stages.settings()["extract_threads"] == threads
    server = llama_server(granted("llama-server", BUDGET.line("llama-server").limit.value, millicores))
    assert server.settings()["threads"] == threads


def test_weights_and_caches_are_rounded_up_to_mebibytes() -> None:
    def load(weights: int, cache: int, compute: int) -> Any:
        named = SimpleNamespace(name="one")
        need = SimpleNamespace(weights=weights, cache=cache, compute=compute)
        return SimpleNamespace(model=named, quantization=named, need=need)

    loads = (load(3 * MIB + 1, 2 * MIB, 1), load(5 * MIB, MIB, 7 * MIB))
    setup = SimpleNamespace(loads=loads, context=4096)
    serving: Any = SimpleNamespace(
        memory=given("rule", "granted", 100, "MiB", ""), fit=SimpleNamespace(setup=setup, steps=())
    )
    steps = Steps(serving)
    assert steps.weights.value == 4 + 5
    assert steps.context.chain[-1].because == "its cache takes 3 MiB in all, computing 8"


def test_what_keeps_nothing_has_no_disk() -> None:
    assert share(BUDGET, "api").disk_gib == 0


def test_three_hosts_hold_three_times_what_the_smallest_holds() -> None:
    one = Share(800, 1000, 500, 2000, replicas_min=2, replicas_max=4, disk_gib=90)
    assert (together([one] * 3).replicas_min, together([one] * 3).replicas_max) == (6, 12)
