"""Why a number is what it is: every value that a plan renders, by the name under which it can be asked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.figure import Figure
from homelab.planner import HostPlan


@dataclass(frozen=True, slots=True)
class Explained:
    """`text` is the value as rendered, in its product's notation."""

    name: str
    text: str
    figure: Figure

    def as_json(self) -> dict[str, Any]:
        """`explain/1`"""
        return {
            "schema": "explain/1",
            "name": self.name,
            "value": self.text,
            "unit": self.figure.unit,
            "chain": [
                {"kind": step.kind, "source": step.source, "value": step.value, "because": step.because}
                for step in self.figure.chain
            ],
        }


def everything(plan: HostPlan) -> Iterator[Explained]:
    """Every value of a host's plan under its name: `CONSUMER.SETTING`, or `host.VALUE` for what is the host's."""
    budget = plan.budget
    yield _plain("host.total", budget.total)
    yield _plain("host.free", budget.free)
    yield _plain("host.cores", budget.cores)
    for line in budget.lines:
        yield _plain(f"{line.consumer}.limit", line.limit)
        yield _plain(f"{line.consumer}.request", line.request)
        yield _plain(f"{line.consumer}.replicas", line.replicas)
        yield _plain(f"{line.consumer}.cpu_limit", line.cpu_limit)
        yield _plain(f"{line.consumer}.cpu_request", line.cpu_request)
    yield _plain("host.disk", budget.disk.total)
    for use, figure in budget.disk.shares.items():
        yield _plain(f"{use}.disk", figure)
    for consumer, serving in budget.servings.items():
        yield _plain(f"{consumer}.{serving.pool}", serving.memory)
        yield _plain(f"{consumer}.used", serving.used)
    if budget.vram is not None:
        yield _plain("host.vram", budget.vram.total)
        yield _plain("host.vram_kept", budget.vram.kept)
        yield _plain("host.vram_free", budget.vram.free)
    for consumer, spec in plan.specs.items():
        for row in spec.table():
            yield Explained(f"{consumer}.{row.name}", row.text, row.figure)


def _plain(name: str, figure: Figure) -> Explained:
    return Explained(name, f"{figure.value} {figure.unit}".rstrip(), figure)


def explain(plan: HostPlan, name: str) -> Explained:
    """Raises InvalidInput for a name that the host's plan does not have."""
    known = {explained.name: explained for explained in everything(plan)}
    if name in known:
        return known[name]
    consumer = name.partition(".")[0]
    near = [other for other in known if other.startswith(f"{consumer}.")] or list(known)
    rule = f"the plan of {plan.name} has no such value"
    raise InvalidInput(Problem("explain", name, rule, meant(name, near)))
