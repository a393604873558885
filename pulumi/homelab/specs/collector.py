"""The OpenTelemetry collector: when it refuses data rather than grow."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, mib, setting

LIMIT_PERCENT = 80
SPIKE_PERCENT = 25
"""Of the limit, as the chart's own defaults: above 80 % it refuses everything, above 80 − 25 % new data."""

GO_PERCENT = 80
"""Of the limit, as the chart sets it: garbage collection hurries before anything is refused for good."""


@dataclass(frozen=True)
class Collector(Spec):
    limit_mib: Figure = setting(name="memory_limiter.limit_mib")
    spike_limit_mib: Figure = setting(name="memory_limiter.spike_limit_mib")
    gomemlimit: Figure = setting(mib, "GOMEMLIMIT")


def collector(budget: Budget) -> Collector:
    limit = budget.line("collector").limit
    return Collector(
        limit_mib=_part(limit, "memory_limiter.limit_mib", LIMIT_PERCENT),
        spike_limit_mib=_part(limit, "memory_limiter.spike_limit_mib", SPIKE_PERCENT),
        gomemlimit=_part(limit, "GOMEMLIMIT", GO_PERCENT),
    )


def _part(limit: Figure, name: str, percent: int) -> Figure:
    return limit.then("rule", f"collector.{name}", limit.value * percent // 100, f"{percent} % of the limit")
