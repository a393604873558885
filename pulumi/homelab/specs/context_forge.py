"""MCP Context Forge: its processes, its connections to the database, and where it caches."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Choice, Spec, setting

MIB_PER_WORKER = 512
"""MiB. Its chart asks for 768 with a limit of 2 GiB for up to 16 workers, which share their code."""

POOL = 5
OVERFLOW = 5
"""Connections of each worker, kept and at most beside them: SQLAlchemy keeps 5 unless told. Context Forge's own
default is 200 and 10, twice as many as the platform's Postgres has (mcpgateway/config.py 1.1.0, db_pool_size)."""

SANDBOXES = 1
"""Forked processes of each worker for jq, and as many for patterns in schemas; its default is 2 of each."""


@dataclass(frozen=True)
class ContextForge(Spec):
    workers: Figure = setting(name="GUNICORN_WORKERS")
    pool: Figure = setting(name="DB_POOL_SIZE")
    overflow: Figure = setting(name="DB_MAX_OVERFLOW")
    jq: Figure = setting(name="JQ_FILTER_WORKERS")
    regex: Figure = setting(name="REGEX_WORKERS")
    cache: Choice = setting(name="CACHE_TYPE")


def context_forge(budget: Budget) -> ContextForge:
    line = budget.line("context-forge")
    count = max(1, min(line.cpu_limit.value // 1000, line.limit.value // MIB_PER_WORKER))
    because = f"one for each {MIB_PER_WORKER} MiB and each core that it may use"
    workers = line.limit.then("rule", "context-forge.GUNICORN_WORKERS", count, because, unit="")
    cache, why = ("memory", "its one worker sees every change")
    if count > 1:
        cache, why = ("database", "several workers share it, without Redis")
    small = "each is a process inside the limit"
    return ContextForge(
        workers=workers,
        pool=workers.then("rule", "context-forge.DB_POOL_SIZE", POOL, "connections that each worker keeps"),
        overflow=workers.then("rule", "context-forge.DB_MAX_OVERFLOW", OVERFLOW, "more when it is busy"),
        jq=workers.then("rule", "context-forge.JQ_FILTER_WORKERS", SANDBOXES, small),
        regex=workers.then("rule", "context-forge.REGEX_WORKERS", SANDBOXES, small),
        cache=Choice(cache, workers.then("rule", "context-forge.CACHE_TYPE", count, why)),
    )
