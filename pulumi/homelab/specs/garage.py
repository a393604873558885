"""Garage: how much it buffers, and how much of the disk its layout may use."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, gib, mib, setting

BUFFER_PERCENT = 40
"""Of the limit, for blocks on their way: the rest is its tables and a few blocks of each request in flight."""

BUFFER_MOST = 256
"""MiB: Garage's own default."""


@dataclass(frozen=True)
class Garage(Spec):
    block_ram_buffer_max: Figure = setting(mib)
    capacity: Figure = setting(gib)


def garage(budget: Budget) -> Garage:
    limit = budget.line("garage").limit
    buffer = min(BUFFER_MOST, limit.value * BUFFER_PERCENT // 100)
    because = f"{BUFFER_PERCENT} % of the limit, at most {BUFFER_MOST} MiB"
    return Garage(
        block_ram_buffer_max=limit.then("rule", "garage.block_ram_buffer_max", buffer, because),
        capacity=budget.disk.shares["garage"],
    )
