"""The whole lab: the facts of each host, and each host's plan, in the order of lab.yaml."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from homelab.errors import BudgetExceeded, HomelabError
from homelab.facts import check, load
from homelab.lab import Lab
from homelab.placement import settled
from homelab.situation import HostPlan, Situation, plan_each, plan_host
from homelab.ways_out import ways_out

__all__ = ["HostPlan", "LabPlan", "Situation", "local_machine_id", "measured", "plan", "plan_host", "plan_lab"]


@dataclass(frozen=True, slots=True)
class LabPlan:
    hosts: tuple[HostPlan, ...]

    def host(self, name: str) -> HostPlan:
        """Raises KeyError for a host without a plan."""
        for plan in self.hosts:
            if plan.name == name:
                return plan
        raise KeyError(name)


def plan(now: Situation) -> LabPlan:
    """A plan for every host that something is placed on. Pure: equal situations give equal plans.

    Raises BudgetExceeded, with the ways out that plan, when a host cannot hold its part.
    """
    plans = []
    for name, one in plan_each(now):
        if isinstance(one, BudgetExceeded):
            raise one.with_ways_out(ways_out(now, name, one))
        plans.append(one)
    return LabPlan(tuple(plans))


def plan_lab(lab: Lab, facts_dir: Path | None = None, *, now: datetime | None = None) -> LabPlan:
    """The plan of the lab as it was measured, from the facts in `facts_dir` (the lab's own).

    Raises StaleFacts or InvalidInput for facts that cannot be used, BudgetExceeded when a host cannot hold its
    part.
    """
    return plan(measured(lab, facts_dir, now=now))


def measured(lab: Lab, facts_dir: Path | None = None, *, now: datetime | None = None) -> Situation:
    """The facts of every host that something is placed on, and of the others where there are usable ones.

    A host that lab.yaml is silent about then has the placement that its facts suggest.

    Raises StaleFacts or InvalidInput for facts that cannot be used.
    """
    folder = lab.facts_dir if facts_dir is None else facts_dir
    moment = datetime.now(UTC) if now is None else now
    known = {}
    for name, host in lab.hosts.items():
        try:
            facts = load(folder / f"{name}.json")
            machine = local_machine_id() if host.local else None
            check(facts, host=name, machine_id=machine, max_age_days=lab.facts_max_age_days, now=moment)
        except HomelabError:
            if host.placed:
                raise
            continue  # nothing runs there, and nothing is placed there
        known[name] = facts
    return settled(Situation(lab, known))


def local_machine_id() -> str | None:
    """This machine's id, where it has one."""
    path = Path("/etc/machine-id")
    return path.read_text().strip() or None if path.exists() else None
