"""Postgres with pgvector. All memory settings follow from its limit and fit in it together.

The shape of the rules is timescaledb-tune's (memory, parallel, wal); each deliberate difference says why.
"""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.facts import StorageClass
from homelab.figure import Figure
from homelab.specs.base import Spec, mb, onoff, setting, tenths

SHARED_BUFFERS_PERCENT = 25
CACHE_PERCENT = 50
"""Of the limit. timescaledb-tune says 75, for a host of its own; here others use the page cache too."""

MIB_PER_CONNECTION = 32
CONNECTIONS = (20, 100)
"""Connections, at least and at most: the platform's own pools use about 15, people's tools the rest."""

WORK_MEM_SHARE = 6
"""work_mem × connections is a sixth of the limit: one sort or hash in every connection at once."""

MAINTENANCE_SHARE = 16
MAINTENANCE_MOST = 2048
"""MiB: above it vacuum gains nothing (timescaledb-tune's cap)."""

AUTOVACUUM_WORKERS = 2
"""Postgres' default is 3; the platform has two large tables."""

WAL_BUFFERS_MOST = 16
"""MiB: one WAL segment; more has no effect (Postgres' own automatic choice)."""

PAGE_COST: dict[StorageClass, int] = {"nvme": 11, "ssd": 11, "emmc": 15, "sd": 20, "hdd": 40}
"""Tenths. What a random page costs beside a sequential one: 4 is Postgres' default, for a disk that seeks."""

IO_CONCURRENCY: dict[StorageClass, int] = {"nvme": 200, "ssd": 100, "emmc": 8, "sd": 2, "hdd": 2}
"""Requests in flight that help the device: timescaledb-tune's 200 is for SSDs with deep queues."""


@dataclass(frozen=True)
class Postgres(Spec):
    max_connections: Figure = setting()
    shared_buffers: Figure = setting(mb)
    effective_cache_size: Figure = setting(mb)
    work_mem: Figure = setting(mb)
    maintenance_work_mem: Figure = setting(mb)
    autovacuum_max_workers: Figure = setting()
    max_worker_processes: Figure = setting()
    max_parallel_workers: Figure = setting()
    max_parallel_workers_per_gather: Figure = setting()
    max_parallel_maintenance_workers: Figure = setting()
    wal_buffers: Figure = setting(mb)
    min_wal_size: Figure = setting(mb)
    max_wal_size: Figure = setting(mb)
    random_page_cost: Figure = setting(tenths)
    effective_io_concurrency: Figure = setting()
    jit: Figure = setting(onoff)


def postgres(budget: Budget) -> Postgres:
    line = budget.line("postgres")
    limit, disk = line.limit, budget.disk
    low, high = CONNECTIONS
    connections = limit.then(
        "rule",
        "postgres.max_connections",
        max(low, min(high, limit.value // MIB_PER_CONNECTION)),
        f"one for each {MIB_PER_CONNECTION} MiB, from {low} to {high}",
        unit="",
    )
    buffers = limit.then(
        "rule",
        "postgres.shared_buffers",
        limit.value * SHARED_BUFFERS_PERCENT // 100,
        f"{SHARED_BUFFERS_PERCENT} % of the limit",
    )
    maintenance = limit.then(
        "rule",
        "postgres.maintenance_work_mem",
        min(MAINTENANCE_MOST, limit.value // MAINTENANCE_SHARE),
        f"a sixteenth of the limit, at most {MAINTENANCE_MOST} MiB",
    )
    workers = line.cpu_limit.then(
        "rule",
        "postgres.max_parallel_workers",
        max(1, line.cpu_limit.value // 1000),
        "one for each core it may use",
        unit="",
    )
    wal = disk.shares["postgres"]
    return Postgres(
        max_connections=connections,
        shared_buffers=buffers,
        effective_cache_size=limit.then(
            "rule",
            "postgres.effective_cache_size",
            limit.value * CACHE_PERCENT // 100,
            f"{CACHE_PERCENT} % of the limit: it shares the host's page cache",
        ),
        work_mem=limit.then(
            "rule",
            "postgres.work_mem",
            max(1, limit.value // WORK_MEM_SHARE // connections.value),
            f"a sixth of the limit over {connections.value} connections",
        ),
        maintenance_work_mem=maintenance,
        autovacuum_max_workers=_constant(limit, "autovacuum_max_workers", AUTOVACUUM_WORKERS, "two large tables"),
        max_worker_processes=workers.then(
            "rule", "postgres.max_worker_processes", workers.value + 4, "parallel workers and four of its own"
        ),
        max_parallel_workers=workers,
        max_parallel_workers_per_gather=workers.then(
            "rule", "postgres.max_parallel_workers_per_gather", workers.value // 2, "half: two queries at once"
        ),
        max_parallel_maintenance_workers=workers.then(
            "rule",
            "postgres.max_parallel_maintenance_workers",
            workers.value // 2,
            "half: others query meanwhile",
        ),
        wal_buffers=buffers.then(
            "rule",
            "postgres.wal_buffers",
            max(1, min(WAL_BUFFERS_MOST, buffers.value * 3 // 100)),
            f"3 % of shared_buffers, at most {WAL_BUFFERS_MOST} MiB",
        ),
        min_wal_size=_wal(wal, "min_wal_size", 16, 512),
        max_wal_size=_wal(wal, "max_wal_size", 4, 4096),
        random_page_cost=_disk(budget, "random_page_cost", PAGE_COST),
        effective_io_concurrency=_disk(budget, "effective_io_concurrency", IO_CONCURRENCY),
        jit=_constant(limit, "jit", 0, "compiling costs more than the platform's short queries"),
    )


def _constant(limit: Figure, name: str, value: int, because: str) -> Figure:
    return limit.then("rule", f"postgres.{name}", value, because, unit="")


def _wal(disk: Figure, name: str, share: int, most: int) -> Figure:
    """MiB of log kept on disk: a share of Postgres' part of it, from 80 (five segments, its minimum) to `most`."""
    value = max(80, min(most, disk.value * 1024 // share))
    return disk.then("rule", f"postgres.{name}", value, f"1/{share} of its disk, 80 to {most} MiB", unit="MiB")


def _disk(budget: Budget, name: str, table: dict[StorageClass, int]) -> Figure:
    disk = budget.disk
    return disk.total.then(
        "rule", f"postgres.{name}", table[disk.storage_class], f"a {disk.storage_class}", unit=""
    )
