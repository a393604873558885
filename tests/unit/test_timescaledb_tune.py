"""With the host to itself, Postgres is set as timescaledb-tune would set it; docs/postgres.md lists what differs.

The formulas are written down here from its published rules (pkg/pgtune: memory.go, parallel.go, wal.go), for
`timescaledb-tune --memory=<limit> --cpus=<cores that it may use>`; the answers by hand are for two machines.
"""

import math

import pytest

from homelab import planner
from homelab.planner import HostPlan
from unit.hosts import facts
from unit.recorded import LAB

MIB = 1024
"""kB"""


def planned(ram_gib: int, cores: int, *placed: str) -> HostPlan:
    """Of a nominal size: the kernel leaves 97 % of it to programs."""
    machine = facts(ram_gib * 1024 * 97 // 100, cores=cores, disk_gib=1862)
    host = LAB.hosts["desktop"].model_copy(update={"address": "any.lan", "place": placed})
    return planner.plan_host(LAB.model_copy(update={"hosts": {"desktop": host}}), "desktop", machine)


def settings(plan: HostPlan) -> dict[str, int]:
    """Sizes in kB, the rest as it is."""
    rows = plan.specs["postgres"].table()
    return {row.name: row.figure.value * (MIB if row.figure.unit == "MiB" else 1) for row in rows}


def half(cores: int) -> int:
    return math.floor(cores / 2 + 0.5)


@pytest.mark.parametrize("ram", [16, 32, 64, 128, 512])
@pytest.mark.parametrize("cores", [2, 4, 6, 16, 32])
def test_memory_parallelism_and_log_follow_its_formulas(ram: int, cores: int) -> None:
    plan = planned(ram, cores, "postgres")
    line = plan.budget.line("postgres")
    memory, cpus = line.limit.value * MIB, line.cpu_limit.value // 1000
    ours = settings(plan)
    theirs = {
        "shared_buffers": memory / 4,
        "effective_cache_size": memory * 3 / 4,
        "maintenance_work_mem": min(memory / 8, 2047 * MIB),
        "wal_buffers": 16 * MIB,
        "max_wal_size": 1024 * MIB,
        "min_wal_size": 512 * MIB,
        "work_mem": memory / 1024**2 * (6.4 * 20 * MIB / ours["max_connections"]) / half(cpus),
    }
    for name, value in theirs.items():
        assert value - MIB < ours[name] <= value, name
    assert ours["max_connections"] == 100
    assert ours["max_worker_processes"] == 3 + 8 + cpus
    assert ours["max_parallel_workers"] == cpus
    assert ours["max_parallel_workers_per_gather"] == half(cpus)


def test_a_nominal_64_gib_machine_by_hand() -> None:
    # 65536 × 97 % = 63569 MiB, of which 63500 are shared out: 45 % = 28575 MiB, and 8 of 16 cores.
    assert planned(64, 16, "postgres").specs["postgres"].settings() == {
        "max_connections": "100",
        "shared_buffers": "7143MB",
        "effective_cache_size": "21431MB",
        "work_mem": "9144kB",
        "maintenance_work_mem": "2047MB",
        "autovacuum_work_mem": "892MB",
        "autovacuum_max_workers": "2",
        "max_worker_processes": "19",
        "max_parallel_workers": "8",
        "max_parallel_workers_per_gather": "4",
        "max_parallel_maintenance_workers": "4",
        "wal_buffers": "16MB",
        "min_wal_size": "512MB",
        "max_wal_size": "1024MB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "jit": "off",
        "shm_size": "2137MB",
    }


def test_a_small_machine_has_fewer_connections_and_more_memory_for_each() -> None:
    # 4096 × 97 % = 3973, 3900 shared out: 30 % = 1170 MiB; 1170 / 32 = 36 connections, 2 of 4 cores.
    ours = planned(4, 4, "postgres").specs["postgres"].settings()
    assert ours["max_connections"] == "36"
    assert ours["work_mem"] == "4160kB"
    assert ours["wal_buffers"] == "8MB"  # 3 % of 292 MB; theirs is 7864 kB for each GB below 2: 8985 kB
    assert ours["effective_cache_size"] == "877MB"


def test_beside_other_services_it_counts_on_half_of_its_limit_only() -> None:
    plan = planned(64, 16, "postgres", "nats")
    limit = plan.budget.line("postgres").limit.value
    assert settings(plan)["effective_cache_size"] == limit // 2 * MIB
