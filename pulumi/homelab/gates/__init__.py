"""Rules that a host's measurements must pass before what is placed on it can do its work. Pure.

Each gate is one small function with its threshold, that threshold's source and a mend; it answers nothing where
the host passes. A missing measurement gives the conservative choice and names the command that improves it.
"""

from homelab.budget import Budget
from homelab.errors import Problem
from homelab.facts import Facts
from homelab.gates import cgroup, cpu, disk, link, pages
from homelab.gates.gate import Evidence, Gate, Id, Severity

__all__ = ["Evidence", "Gate", "Id", "Severity", "judge", "refusals"]

ORDER: tuple[Severity, ...] = ("refuse", "warn", "info")


def judge(facts: Facts, budget: Budget) -> tuple[Gate, ...]:
    """Every gate that the host does not pass plainly, the gravest first."""
    found = [
        *disk.measured(facts, budget),
        *disk.etcd(facts, budget),
        *disk.jetstream(facts, budget),
        *disk.free(facts, budget),
        *pages.images(facts, budget),
        *cgroup.memory(facts),
        *link.replica(facts),
        *link.mtu(facts),
        *cpu.instructions(facts, budget),
    ]
    return tuple(sorted(found, key=lambda gate: ORDER.index(gate.severity)))


def refusals(facts: Facts, budget: Budget) -> tuple[Problem, ...]:
    """Why what is placed on the host will not run there; nothing may be started while there is one."""
    return tuple(
        Problem(f"host {gate.host}, gate {gate.id}", gate.evidence.value, gate.rule, gate.mend)
        for gate in judge(facts, budget)
        if gate.severity == "refuse"
    )
