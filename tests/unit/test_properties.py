"""What holds for any host, placement and profile: the ledger's promises, and what each product would refuse.

`./lab test-properties` tries each on 20,000 hosts from 2 GB to 1 TB with 1 to 128 cores.
"""

import json
from typing import Any, NamedTuple, cast

from hypothesis import assume, given
from hypothesis import strategies as st

from homelab import planner, profile
from homelab.errors import BudgetExceeded
from homelab.explain import everything
from homelab.facts import Facts
from homelab.plan_json import document
from homelab.planner import HostPlan
from homelab.specs import Autoscaling, Collector, Garage, LiteLLM, Nats, Pipeline, Postgres, Timescaledb
from pipeline.contract import STREAMS
from unit.hosts import facts
from unit.recorded import LAB

MIB, GIB = 1024**2, 1024**3
CONSUMERS = sorted(profile.load("default", ram_mib=1).rules.consumers)
EVERYTHING = tuple(name for name in CONSUMERS if name not in ("llama-server", "ollama"))
"""But a model, which alone is larger than most hosts."""

PROFILES = ("auto", "default", "high-memory", "low-memory")


class Case(NamedTuple):
    ram_mib: int
    cores: int
    disk_gib: int
    storage: str
    flags: tuple[str, ...]
    placed: tuple[str, ...]
    profile: str
    vram_mib: int | None
    unified: bool

    def facts(self) -> Facts:
        return facts(
            self.ram_mib,
            cores=self.cores,
            disk_gib=self.disk_gib,
            storage=self.storage,
            flags=self.flags,
            vram_mib=None if self.unified else self.vram_mib,
            unified=self.unified,
        )

    def plan(self) -> HostPlan:
        """Raises BudgetExceeded."""
        host = LAB.hosts["desktop"].model_copy(update={"address": "any.lan", "place": self.placed})
        lab = LAB.model_copy(update={"hosts": {"desktop": host}, "profile": self.profile})
        return planner.plan_host(lab, "desktop", self.facts())


sizes = st.one_of(
    st.integers(min_value=2_000, max_value=20_000),
    st.integers(min_value=20_000, max_value=70_000),
    st.integers(min_value=70_000, max_value=1024 * 1024),
)
cases = st.builds(
    Case,
    ram_mib=sizes,
    cores=st.integers(min_value=1, max_value=128),
    disk_gib=st.integers(min_value=8, max_value=20_000),
    storage=st.sampled_from(["nvme", "ssd", "hdd", "emmc", "sd"]),
    flags=st.sampled_from([("avx", "avx2"), ("avx",), ("asimd",)]),
    placed=st.one_of(
        st.just(EVERYTHING),
        st.just(("postgres",)),
        st.sets(st.sampled_from(CONSUMERS), min_size=1).map(lambda chosen: tuple(sorted(chosen))),
    ),
    profile=st.sampled_from(PROFILES),
    vram_mib=st.one_of(st.none(), st.integers(min_value=2_000, max_value=100_000)),
    unified=st.booleans(),
)


def the_ledger_adds_up(plan: HostPlan, case: Case) -> None:
    budget, rules = plan.budget, plan.profile.rules
    assert budget.total.value == case.ram_mib
    assert sum(line.total_mib for line in budget.lines) + budget.free_mib == case.ram_mib
    assert budget.free_mib >= 0
    cores = case.cores * 1000
    for line in budget.lines:
        assert 0 <= line.request.value <= line.limit.value
        assert 0 <= line.cpu_request.value <= line.cpu_limit.value <= cores
        assert line.replicas_max >= line.replicas_min == 1
        if line.consumer in rules.consumers:
            rule = rules.consumers[line.consumer]
            assert line.limit.value >= rule.floor
            assert rule.ceiling is None or line.limit.value <= rule.ceiling
            assert line.replicas_max <= max(rule.replicas, rule.replicas_few_cores)
    assert {line.consumer for line in budget.lines} == {"reserve", "headroom", *case.placed}
    services = [line for line in budget.lines if line.kind not in ("reserve", "headroom")]
    assert sum(line.cpu_request.value * line.replicas_max for line in services) <= cores * 0.9 + len(services)


def the_disk_adds_up(plan: HostPlan, case: Case) -> None:
    shares = {name: share.value for name, share in plan.budget.disk.shares.items()}
    assert min(shares.values(), default=0) >= 0
    assert sum(shares.values()) <= case.disk_gib * 0.9
    assert all(shares[store] >= 1 for store in {"postgres", "nats", "garage"} & shares.keys())


def nats_starts(plan: HostPlan) -> None:
    """Source: server/server.go refuses a payload above what may be pending; a store above memory is no store."""
    nats, limit = cast(Nats, plan.specs["nats"]), plan.budget.line("nats").limit.value
    assert 1 <= nats.max_payload.value <= nats.max_pending.value
    assert nats.max_memory_store.value < nats.gomemlimit.value < limit
    assert nats.max_memory_store.value + 10 * nats.max_pending.value <= nats.gomemlimit.value
    scale = cast(Pipeline, plan.specs["pipeline"]).stream_scale.value / 1000
    streams = [int(stream.max_bytes * scale) for stream in STREAMS]
    assert sum(streams) <= nats.max_file_store.value * GIB
    assert min(streams) >= MIB


def postgres_starts(plan: HostPlan) -> None:
    """Bounds of PostgreSQL 18's guc_parameters; a segment of its log is 16 MB."""
    postgres, limit = cast(Postgres, plan.specs["postgres"]), plan.budget.line("postgres").limit.value
    value = {row.name: row.figure.value for row in postgres.table()}
    assert value["shared_buffers"] * 1024 >= 128
    assert value["shared_buffers"] < limit
    assert value["shared_buffers"] <= value["effective_cache_size"] <= limit
    assert value["work_mem"] >= 64  # kB
    assert value["autovacuum_work_mem"] * 1024 >= 64
    assert 64 <= value["maintenance_work_mem"] * 1024 <= 2 * GIB // 1024
    assert 32 <= value["wal_buffers"] * 1024 <= value["shared_buffers"] * 1024
    assert 2 * 16 <= value["min_wal_size"] <= value["max_wal_size"]
    assert value["max_wal_size"] * 2 <= plan.budget.disk.shares["postgres"].value * 1024
    assert value["max_connections"] > 3 + 10  # superuser_reserved_connections, and max_wal_senders
    assert value["max_parallel_workers"] <= value["max_worker_processes"] <= 1024
    assert value["max_parallel_workers_per_gather"] <= value["max_parallel_workers"]
    assert value["max_parallel_maintenance_workers"] <= value["max_parallel_workers"]
    assert 0 <= value["effective_io_concurrency"] <= 1000
    # All of it at once: the buffers, one sort in every connection, an index build and every vacuum.
    busy = value["shared_buffers"] + value["max_connections"] * value["work_mem"] / 1024
    busy += value["maintenance_work_mem"] + value["autovacuum_max_workers"] * value["autovacuum_work_mem"]
    assert busy <= limit * 0.7
    assert value["maintenance_work_mem"] <= value["shm_size"] <= limit / 4


def garage_starts(plan: HostPlan) -> None:
    garage, limit = cast(Garage, plan.specs["garage"]), plan.budget.line("garage").limit.value
    assert 1 <= garage.block_ram_buffer_max.value <= limit // 2
    assert garage.capacity.value >= 1


def litellm_starts(plan: HostPlan) -> None:
    litellm, line = cast(LiteLLM, plan.specs["litellm"]), plan.budget.line("litellm")
    assert litellm.num_workers.value >= 1
    assert litellm.num_workers.value * 365 <= line.limit.value  # MiB, a worker's measured peak


def openobserve_starts(plan: HostPlan) -> None:
    parts = [row.figure.value for row in plan.specs["openobserve"].table() if row.figure.unit == "MiB"]
    assert len(parts) == 3
    assert min(parts) >= 64
    assert sum(parts) <= plan.budget.line("openobserve").limit.value * 2 / 3


def collector_starts(plan: HostPlan) -> None:
    """memorylimiter refuses a spike that is not below its limit."""
    collector, limit = cast(Collector, plan.specs["collector"]), plan.budget.line("collector").limit.value
    assert 0 < collector.spike_limit_mib.value < collector.limit_mib.value < limit
    assert collector.gomemlimit.value < limit


def timescaledb_starts(plan: HostPlan) -> None:
    """The app's own schema: 20 connections at least."""
    app, line = cast(Timescaledb, plan.specs["timescaledb"]), plan.budget.line("timescaledb")
    assert 20 <= app.max_connections.value <= 100
    assert app.max_memory.value <= line.limit.value
    assert 1 <= app.max_cpus.value <= max(1, line.cpu_limit.value // 1000)


def a_burst_consumer_scales(plan: HostPlan, consumer: str) -> None:
    scaling, line = cast(Autoscaling, plan.specs[consumer]), plan.budget.line(consumer)
    assert 1 == scaling.min_replicas.value <= scaling.max_replicas.value == line.replicas_max
    assert {scaling.cpu.value, scaling.memory.value} <= {70, 80}


STARTS = {
    "nats": nats_starts,
    "postgres": postgres_starts,
    "garage": garage_starts,
    "litellm": litellm_starts,
    "openobserve": openobserve_starts,
    "collector": collector_starts,
    "timescaledb": timescaledb_starts,
    "extract": lambda plan: a_burst_consumer_scales(plan, "extract"),
    "graph": lambda plan: a_burst_consumer_scales(plan, "graph"),
}


@given(cases)
def test_every_plan_adds_up_and_every_product_starts_with_its_settings(case: Case) -> None:
    try:
        plan = case.plan()
    except BudgetExceeded as refused:
        refusal = refused
    else:
        the_ledger_adds_up(plan, case)
        the_disk_adds_up(plan, case)
        for consumer in STARTS.keys() & set(case.placed):
            STARTS[consumer](plan)
        return
    assert refusal.wanted_mib > refusal.total_mib
    if refusal.resource == "memory":
        assert sum(mib for _, mib in refusal.lines) == refusal.wanted_mib


@given(cases, st.one_of(st.integers(min_value=1, max_value=300), st.integers(min_value=1, max_value=500_000)))
def test_more_memory_never_gives_any_consumer_less(case: Case, more: int) -> None:
    assume(case.profile != "auto")
    try:
        before = case.plan()
    except BudgetExceeded:
        return
    after = case._replace(ram_mib=case.ram_mib + more).plan()
    for line in before.budget.lines:
        grown = after.budget.line(line.consumer)
        assert grown.total_mib >= line.total_mib, line.consumer
        if grown.replicas_max == line.replicas_max:
            assert grown.limit.value >= line.limit.value, line.consumer


UNITS = {"MB": 1, "MiB": 1, "GiB": 1024, "GB": 1024}
"""MiB. Postgres' MB and Go's MiB are both 1024² bytes."""


def mib_of(text: str) -> int | None:
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return None


@given(cases)
def test_no_text_of_a_memory_setting_is_more_than_its_consumers_limit(case: Case) -> None:
    try:
        plan = case.plan()
    except BudgetExceeded:
        return
    on_disk = {"max_file_store", "capacity", "min_wal_size", "max_wal_size"}
    for consumer in plan.specs.keys() & set(case.placed):
        limit = plan.budget.line(consumer).limit.value
        for row in plan.specs[consumer].table():
            size = mib_of(row.text)
            assert size is None or row.name in on_disk or size <= limit, f"{consumer}.{row.name}"


@given(cases)
def test_equal_facts_give_equal_bytes(case: Case) -> None:
    def rendered() -> Any:
        try:
            plan = case.plan()
        except BudgetExceeded as refusal:
            return json.dumps(refusal.as_json())
        chains = [each.as_json() for each in everything(plan)]
        return json.dumps([document([plan]), chains])

    assert rendered() == rendered()
