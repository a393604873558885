"""NATS with JetStream: what it holds in memory and on disk."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, gib, mib, setting
from homelab.units import MIB
from pipeline.contract import MAX_PAYLOAD

MEMORY_STORE_PERCENT = 25
"""Of the limit. Every stream of the platform is kept on disk; a person's own memory streams get a quarter."""

GO_PERCENT = 80
"""Of the limit, as NATS' chart recommends: garbage collection hurries before the kernel's limit is met."""

PENDING_SHARE = 32
PENDING = (8, 64)
"""MiB kept for one client that reads slowly, at least and at most: the server's default of 64 for each of the
platform's ten connections would be more than a small host's whole limit. A 32nd for each is a third of it."""


@dataclass(frozen=True)
class Nats(Spec):
    max_payload: Figure = setting(mib)
    max_pending: Figure = setting(mib)
    max_memory_store: Figure = setting(mib)
    max_file_store: Figure = setting(gib)
    gomemlimit: Figure = setting(mib, "GOMEMLIMIT")


def nats(budget: Budget) -> Nats:
    limit = budget.line("nats").limit
    least, most = PENDING
    payload = limit.then(
        "rule", "nats.max_payload", MAX_PAYLOAD // MIB, "the platform's own bound; what is larger is a pointer"
    )
    return Nats(
        max_payload=payload,
        max_pending=limit.then(
            "rule",
            "nats.max_pending",
            min(most, max(least, limit.value // PENDING_SHARE)),
            f"a {PENDING_SHARE}nd of the limit for one slow client, {least} to {most} MiB",
        ),
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
