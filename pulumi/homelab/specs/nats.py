"""NATS with JetStream: what it holds in memory and on disk."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, gib, mib, setting

MEMORY_STORE_PERCENT = 25
"""Of the limit. Every stream of the platform is kept on disk; a person's own memory streams get a quarter."""

GO_PERCENT = 80
"""Of the limit, as NATS' chart recommends: garbage collection hurries before the kernel's limit is met."""


@dataclass(frozen=True)
class Nats(Spec):
    max_memory_store: Figure = setting(mib)
    max_file_store: Figure = setting(gib)
    gomemlimit: Figure = setting(mib, "GOMEMLIMIT")


def nats(budget: Budget) -> Nats:
    limit = budget.line("nats").limit
    return Nats(
        max_memory_store=limit.then(
            "rule",
            "nats.max_memory_store",
            limit.value * MEMORY_STORE_PERCENT // 100,
            f"{MEMORY_STORE_PERCENT} % of the limit: the platform's own streams are on disk",
        ),
        max_file_store=budget.disk.shares["nats"],
        gomemlimit=limit.then(
            "rule", "nats.GOMEMLIMIT", limit.value * GO_PERCENT // 100, f"{GO_PERCENT} % of the limit"
        ),
    )
