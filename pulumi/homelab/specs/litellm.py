"""LiteLLM: worker processes, and when one is replaced."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, setting

MIB_PER_WORKER = 512
"""MiB: one worker measured 300 when ready and 365 at its peak (`homelab local status` after 100 documents)."""

REQUESTS_BEFORE_RESTART = 20_000
"""Requests. The proxy's memory creeps up over many requests; it documents this setting for that."""


@dataclass(frozen=True)
class LiteLLM(Spec):
    num_workers: Figure = setting(name="NUM_WORKERS")
    max_requests_before_restart: Figure = setting(name="MAX_REQUESTS_BEFORE_RESTART")


def litellm(budget: Budget) -> LiteLLM:
    line = budget.line("litellm")
    workers = max(1, min(line.cpu_limit.value // 1000, line.limit.value // MIB_PER_WORKER))
    because = f"one for each {MIB_PER_WORKER} MiB and each core that it may use"
    return LiteLLM(
        num_workers=line.limit.then("rule", "litellm.NUM_WORKERS", workers, because, unit=""),
        max_requests_before_restart=line.limit.then(
            "rule",
            "litellm.MAX_REQUESTS_BEFORE_RESTART",
            REQUESTS_BEFORE_RESTART,
            "its memory creeps; a fresh worker is back at its floor",
            unit="",
        ),
    )
