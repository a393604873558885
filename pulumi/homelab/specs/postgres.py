"""Postgres with pgvector. All memory settings follow from its limit and fit in it together.

Beside other services the rules are its own; where it has the host to itself they are timescaledb-tune's, for a
machine of its limit and its cores. docs/postgres.md tells where and why the two differ.
"""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.facts import StorageClass
from homelab.figure import Figure
from homelab.specs.base import Spec, kb, mb, onoff, setting, tenths

SHARED_BUFFERS_PERCENT = 25

CACHE_PERCENT = 50
CACHE_PERCENT_ALONE = 75
"""Of the limit, what a query may expect to find cached: less where others use the page cache too."""

MIB_PER_CONNECTION = 32
CONNECTIONS = (20, 100)
"""Connections, at least and at most: the platform's own pools use about 15, people's tools the rest."""

WORK_MEM_SHARE = 6
WORK_MEM_SHARE_ALONE = 8
"""work_mem × connections is this part of the limit: one sort or hash in every connection at once. timescaledb-tune
takes an eighth, and divides it once more by half the cores, whose parallel workers each have their own."""

WORK_MEM_LEAST = 64
"""kB. Postgres refuses less."""

MAINTENANCE_SHARE = 16
MAINTENANCE_SHARE_ALONE = 8
MAINTENANCE_MOST = 2047
"""MiB: above it vacuum gains nothing (timescaledb-tune's cap)."""

AUTOVACUUM_WORKERS = 2
"""Postgres' default is 3; the platform has two large tables."""

AUTOVACUUM_SHARE = 32
AUTOVACUUM_MOST = 1024
"""MiB for each: a worker that runs at any time must not take what one index build may."""

MIB_PER_WORKER = 128
"""MiB of limit for each parallel worker: many cores must not take what little memory a host gives it."""

OWN_WORKERS = 4
OWN_WORKERS_ALONE = 11
"""Processes beside the parallel workers: logical replication, autovacuum and a person's extension.
timescaledb-tune counts 3 of Postgres' own and 8 of TimescaleDB's."""

WAL_BUFFERS_MOST = 16
"""MiB: one WAL segment; more has no effect (Postgres' own automatic choice)."""

WAL_LEAST = 80
"""MiB: five segments, Postgres' default minimum."""

WAL_SHARE = 4
WAL_MOST = 4096
WAL_MOST_ALONE = 1024
"""MiB, and never more than a quarter of its disk. timescaledb-tune says 1 GB where no disk of the log is named."""

PAGE_COST: dict[StorageClass, int] = {"nvme": 11, "ssd": 11, "emmc": 15, "sd": 20, "hdd": 40}
"""Tenths. What a random page costs beside a sequential one: 4 is Postgres' default, for a disk that seeks."""

IO_CONCURRENCY: dict[StorageClass, int] = {"nvme": 200, "ssd": 100, "emmc": 8, "sd": 2, "hdd": 2}
"""Requests in flight that help the device: timescaledb-tune's 200 is for SSDs with deep queues."""


@dataclass(frozen=True)
class Postgres(Spec):
    """`shm_size` is of the container's /dev/shm; every other field is a parameter of postgresql.conf."""

    max_connections: Figure = setting()
    shared_buffers: Figure = setting(mb)
    effective_cache_size: Figure = setting(mb)
    work_mem: Figure = setting(kb)
    maintenance_work_mem: Figure = setting(mb)
    autovacuum_work_mem: Figure = setting(mb)
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
    shm_size: Figure = setting(mb)

    def parameters(self) -> dict[str, str]:
        """The rows of postgresql.conf."""
        return {name: text for name, text in self.settings().items() if name != "shm_size"}


def postgres(budget: Budget) -> Postgres:
    line, alone = budget.line("postgres"), _has_the_host(budget)
    limit = line.limit
    connections, buffers = _connections(limit), _buffers(limit)
    workers = _workers(line.cpu_limit, limit)
    work_mem = _work_mem(limit, connections.value, workers.value, alone)
    maintenance = _maintenance(limit, alone)
    most = _max_wal(budget.disk.shares["postgres"], alone)
    return Postgres(
        max_connections=connections,
        shared_buffers=buffers,
        effective_cache_size=_cache(limit, alone),
        work_mem=work_mem,
        maintenance_work_mem=maintenance,
        autovacuum_work_mem=limit.then(
            "rule",
            "postgres.autovacuum_work_mem",
            min(AUTOVACUUM_MOST, limit.value // AUTOVACUUM_SHARE),
            f"1/{AUTOVACUUM_SHARE} of the limit for each of its workers, at most {AUTOVACUUM_MOST} MiB",
        ),
        autovacuum_max_workers=_rule(limit, "autovacuum_max_workers", AUTOVACUUM_WORKERS, "two large tables"),
        max_worker_processes=_worker_processes(workers, alone),
        max_parallel_workers=workers,
        max_parallel_workers_per_gather=_per_gather(workers, alone),
        max_parallel_maintenance_workers=_rule(
            workers, "max_parallel_maintenance_workers", workers.value // 2, "half: others query meanwhile"
        ),
        wal_buffers=buffers.then(
            "rule",
            "postgres.wal_buffers",
            max(1, min(WAL_BUFFERS_MOST, buffers.value * 3 // 100)),
            f"3 % of shared_buffers, at most {WAL_BUFFERS_MOST} MiB",
        ),
        min_wal_size=_min_wal(most, alone),
        max_wal_size=most,
        random_page_cost=_disk(budget, "random_page_cost", PAGE_COST),
        effective_io_concurrency=_disk(budget, "effective_io_concurrency", IO_CONCURRENCY),
        jit=_rule(limit, "jit", 0, "compiling costs more than the platform's short queries"),
        shm_size=_shm(maintenance, work_mem, _per_gather(workers, alone).value),
    )


def _has_the_host(budget: Budget) -> bool:
    return {line.consumer for line in budget.lines if line.kind not in ("reserve", "headroom")} == {"postgres"}


def _rule(figure: Figure, name: str, value: int, because: str) -> Figure:
    """A number without unit."""
    return figure.then("rule", f"postgres.{name}", value, because, unit="")


def _connections(limit: Figure) -> Figure:
    low, high = CONNECTIONS
    wanted = max(low, min(high, limit.value // MIB_PER_CONNECTION))
    return _rule(limit, "max_connections", wanted, f"one for each {MIB_PER_CONNECTION} MiB, from {low} to {high}")


def _buffers(limit: Figure) -> Figure:
    value = limit.value * SHARED_BUFFERS_PERCENT // 100
    return limit.then("rule", "postgres.shared_buffers", value, f"{SHARED_BUFFERS_PERCENT} % of the limit")


def _cache(limit: Figure, alone: bool) -> Figure:
    percent = CACHE_PERCENT_ALONE if alone else CACHE_PERCENT
    reason = "the page cache is its own" if alone else "it shares the host's page cache"
    because = f"{percent} % of the limit: {reason}"
    return limit.then("rule", "postgres.effective_cache_size", limit.value * percent // 100, because)


def _work_mem(limit: Figure, connections: int, workers: int, alone: bool) -> Figure:
    """kB"""
    share = WORK_MEM_SHARE_ALONE if alone else WORK_MEM_SHARE
    at_once = connections * (_half(workers) if alone else 1)
    value = max(WORK_MEM_LEAST, limit.value * 1024 // (share * at_once))
    each = f"{connections} connections" + (f" and half of {workers} cores" if alone else "")
    because = f"1/{share} of the limit over {each}"
    return limit.then("rule", "postgres.work_mem", value, because, unit="kB")


def _maintenance(limit: Figure, alone: bool) -> Figure:
    share = MAINTENANCE_SHARE_ALONE if alone else MAINTENANCE_SHARE
    value = min(MAINTENANCE_MOST, limit.value // share)
    because = f"1/{share} of the limit, at most {MAINTENANCE_MOST} MiB"
    return limit.then("rule", "postgres.maintenance_work_mem", value, because)


def _workers(cores: Figure, limit: Figure) -> Figure:
    """Of queries, on all its cores together."""
    wanted, most = max(1, cores.value // 1000), limit.value // MIB_PER_WORKER
    workers = _rule(cores, "max_parallel_workers", wanted, "one for each core it may use")
    if wanted > most:
        workers = workers.then("clamp", "postgres limit", most, f"one for each {MIB_PER_WORKER} MiB of its limit")
    return workers


def _half(workers: int) -> int:
    """Rounded up, as timescaledb-tune rounds a half."""
    return (workers + 1) // 2


def _worker_processes(workers: Figure, alone: bool) -> Figure:
    own = OWN_WORKERS_ALONE if alone else OWN_WORKERS
    return _rule(workers, "max_worker_processes", workers.value + own, f"parallel workers and {own} others")


def _per_gather(workers: Figure, alone: bool) -> Figure:
    value = _half(workers.value) if alone else workers.value // 2
    return _rule(workers, "max_parallel_workers_per_gather", value, "half: two queries at once")


def _max_wal(disk: Figure, alone: bool) -> Figure:
    """MiB of log that may gather between two checkpoints."""
    most = WAL_MOST_ALONE if alone else WAL_MOST
    value = max(WAL_LEAST, min(most, disk.value * 1024 // WAL_SHARE))
    because = f"1/{WAL_SHARE} of its disk, {WAL_LEAST} to {most} MiB"
    return disk.then("rule", "postgres.max_wal_size", value, because, unit="MiB")


def _min_wal(most: Figure, alone: bool) -> Figure:
    """MiB of log that is kept for use again."""
    share = 2 if alone else 8
    value = max(WAL_LEAST, most.value // share)
    return most.then(
        "rule", "postgres.min_wal_size", value, f"1/{share} of max_wal_size, {WAL_LEAST} MiB at least"
    )


def _shm(maintenance: Figure, work_mem: Figure, workers: int) -> Figure:
    """MiB. A parallel build of a vector index keeps its graph there, and a parallel hash join its table: twice
    work_mem (hash_mem_multiplier) for each worker and the leader."""
    joins = -(-2 * work_mem.value * (workers + 1) // 1024)
    because = f"maintenance_work_mem for one index build, {joins} MiB for a hash join of {workers + 1} processes"
    return maintenance.then("rule", "postgres.shm_size", maintenance.value + joins, because)


def _disk(budget: Budget, name: str, table: dict[StorageClass, int]) -> Figure:
    disk = budget.disk
    return _rule(disk.total, name, table[disk.storage_class], f"a {disk.storage_class}")
