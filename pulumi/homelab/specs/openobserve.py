"""OpenObserve: caches and write buffers. Unset, each takes a quarter to a half of the memory that it sees."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, setting

CACHE_PERCENT = 25
"""Of the limit, for files that queries read again."""

DATAFUSION_PERCENT = 20
"""Of the limit, for the query engine's own work."""

MEM_TABLE_PERCENT = 20
"""Of the limit, for what arrived and is not yet written. The three together leave a third to the process."""

BREAKER_PERCENT = 90
"""Of the limit: above it ingestion is refused, and the sender keeps its data, instead of the kernel ending it."""


@dataclass(frozen=True)
class OpenObserve(Spec):
    """Sizes are MB of 1024² bytes, written as plain numbers."""

    memory_cache: Figure = setting(name="ZO_MEMORY_CACHE_MAX_SIZE")
    datafusion: Figure = setting(name="ZO_MEMORY_CACHE_DATAFUSION_MAX_SIZE")
    mem_table: Figure = setting(name="ZO_MEM_TABLE_MAX_SIZE")
    breaker: Figure = setting(name="ZO_MEMORY_CIRCUIT_BREAKER_RATIO")


def openobserve(budget: Budget) -> OpenObserve:
    limit = budget.line("openobserve").limit
    return OpenObserve(
        memory_cache=_part(limit, "ZO_MEMORY_CACHE_MAX_SIZE", CACHE_PERCENT),
        datafusion=_part(limit, "ZO_MEMORY_CACHE_DATAFUSION_MAX_SIZE", DATAFUSION_PERCENT),
        mem_table=_part(limit, "ZO_MEM_TABLE_MAX_SIZE", MEM_TABLE_PERCENT),
        breaker=limit.then(
            "rule",
            "openobserve.ZO_MEMORY_CIRCUIT_BREAKER_RATIO",
            BREAKER_PERCENT,
            "it refuses new data before the kernel would end it",
            unit="%",
        ),
    )


def _part(limit: Figure, name: str, percent: int) -> Figure:
    return limit.then("rule", f"openobserve.{name}", limit.value * percent // 100, f"{percent} % of the limit")
