"""TimescaleDB as an app of Home Assistant: its options. It tunes itself, by timescaledb-tune, to what they say."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, mb, setting

MIB_PER_CONNECTION = 32
CONNECTIONS = (20, 100)
"""Connections, at least and at most: the app refuses fewer than 20; timescaledb-tune reckons with 100."""


@dataclass(frozen=True)
class Timescaledb(Spec):
    max_memory: Figure = setting(mb, "timescaledb.maxmemory")
    max_cpus: Figure = setting(name="timescaledb.maxcpus")
    max_connections: Figure = setting()


def timescaledb(budget: Budget) -> Timescaledb:
    line = budget.line("timescaledb")
    limit, (low, high) = line.limit, CONNECTIONS
    return Timescaledb(
        max_memory=limit.then(
            "rule",
            "timescaledb.maxmemory",
            limit.value,
            "its limit: unset, it tunes itself to the whole host",
        ),
        max_cpus=line.cpu_limit.then(
            "rule", "timescaledb.maxcpus", max(1, line.cpu_limit.value // 1000), "its cores", unit=""
        ),
        max_connections=limit.then(
            "rule",
            "timescaledb.max_connections",
            max(low, min(high, limit.value // MIB_PER_CONNECTION)),
            f"one for each {MIB_PER_CONNECTION} MiB, from {low} to {high}",
            unit="",
        ),
    )
