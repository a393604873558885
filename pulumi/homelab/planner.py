"""The whole lab: each host's facts, profile, budget and specs, in the order of lab.yaml."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from homelab import budget, profile
from homelab.budget import Budget
from homelab.errors import InvalidInput, Problem
from homelab.facts import Facts, check, load
from homelab.lab import Lab
from homelab.specs import Spec, specs_of


@dataclass(frozen=True, slots=True)
class HostPlan:
    name: str
    facts: Facts
    profile: profile.Profile
    budget: Budget
    specs: Mapping[str, Spec]


@dataclass(frozen=True, slots=True)
class LabPlan:
    hosts: tuple[HostPlan, ...]

    def host(self, name: str) -> HostPlan:
        """Raises KeyError for a host without a plan."""
        return next(plan for plan in self.hosts if plan.name == name)


def plan_host(lab: Lab, name: str, facts: Facts) -> HostPlan:
    """Raises BudgetExceeded when what is placed on the host does not fit it, InvalidInput for a GGUF file that
    cannot be used.
    """
    host = lab.hosts[name]
    _must_be_known(name, host.placed)
    rules = profile.load(lab.profile, ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags)
    data_path = str(lab.local.data_dir) if host.local else "/"
    served = budget.served(host.placed, rules, host.serve.chosen, lab.path.parent)
    ledger = budget.plan(facts, host.placed, rules, name, data_path, served)
    return HostPlan(name, facts, rules, ledger, specs_of(ledger, rules, lab))


def _must_be_known(host: str, placed: Sequence[str]) -> None:
    """A consumer without a line in the profile would run without a budget."""
    known = profile.load("default", ram_mib=1).rules.consumers
    rule, fix = "no profile says what it may use", "leave it out of place"
    unknown = [consumer for consumer in placed if consumer not in known]
    if unknown:
        raise InvalidInput(*(Problem(f"lab.yaml hosts.{host}.place", one, rule, fix) for one in unknown))


def plan_lab(lab: Lab, facts_dir: Path | None = None, *, now: datetime | None = None) -> LabPlan:
    """A plan for every host that something is placed on, from the facts in `facts_dir` (the lab's own).

    Raises StaleFacts or InvalidInput for facts that cannot be used, BudgetExceeded when a host cannot hold its
    part.
    """
    folder = lab.facts_dir if facts_dir is None else facts_dir
    moment = datetime.now(UTC) if now is None else now
    plans = []
    for name, host in lab.hosts.items():
        if not host.placed:
            continue
        facts = load(folder / f"{name}.json")
        machine = local_machine_id() if host.local else None
        check(facts, host=name, machine_id=machine, max_age_days=lab.facts_max_age_days, now=moment)
        plans.append(plan_host(lab, name, facts))
    return LabPlan(tuple(plans))


def local_machine_id() -> str | None:
    """This machine's id, where it has one."""
    path = Path("/etc/machine-id")
    return path.read_text().strip() or None if path.exists() else None
