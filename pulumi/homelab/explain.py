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
    """Every value of a host's plan, each under the name `CONSUMER.SETTING`."""
    for line in plan.budget.lines:
        figures = {
            "limit": line.limit,
            "request": line.request,
            "replicas": line.replicas,
            "cpu_limit": line.cpu_limit,
            "cpu_request": line.cpu_request,
        }
        for name, figure in figures.items():
            yield Explained(f"{line.consumer}.{name}", f"{figure.value} {figure.unit}".rstrip(), figure)
    for use, figure in plan.budget.disk.shares.items():
        yield Explained(f"{use}.disk", f"{figure.value} {figure.unit}", figure)
    for consumer, serving in plan.budget.servings.items():
        yield Explained(f"{consumer}.{serving.pool}", f"{serving.memory.value} MiB", serving.memory)
    for consumer, spec in plan.specs.items():
        for row in spec.table():
            yield Explained(f"{consumer}.{row.name}", row.text, row.figure)


def explain(plan: HostPlan, name: str) -> Explained:
    """Raises InvalidInput for a name that the host's plan does not have."""
    known = {explained.name: explained for explained in everything(plan)}
    if name in known:
        return known[name]
    consumer = name.partition(".")[0]
    near = [other for other in known if other.startswith(f"{consumer}.")] or list(known)
    rule = f"the plan of {plan.name} has no such value"
    raise InvalidInput(Problem("explain", name, rule, meant(name, near)))
