"""Oxigraph: no memory setting of its own (RocksDB takes what its limit leaves); only how long a query may run."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, setting

TIMEOUT = 30
"""Seconds. A query that walks everything would hold its memory until then."""


@dataclass(frozen=True)
class Oxigraph(Spec):
    timeout_s: Figure = setting(name="timeout-s")


def oxigraph(budget: Budget) -> Oxigraph:
    limit = budget.line("oxigraph").limit
    return Oxigraph(
        limit.then("rule", "oxigraph.timeout-s", TIMEOUT, "a runaway query ends and frees memory", "s")
    )
