"""promptfoo: how large Node's heap may grow before it collects in earnest."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Spec, setting

HEAP_PERCENT = 75
"""Of the limit. Node does not count buffers, compiled code and its own C++ as heap: a quarter holds them."""


def heap(mib: int) -> str:
    return f"--max-old-space-size={mib}"


@dataclass(frozen=True)
class Promptfoo(Spec):
    node_options: Figure = setting(heap, "NODE_OPTIONS")


def promptfoo(budget: Budget) -> Promptfoo:
    limit = budget.line("promptfoo").limit
    because = f"{HEAP_PERCENT} % of the limit"
    return Promptfoo(limit.then("rule", "promptfoo.NODE_OPTIONS", limit.value * HEAP_PERCENT // 100, because))
