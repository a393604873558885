"""The host that a command is about."""

from homelab.errors import InvalidInput, Problem
from homelab.planner import HostPlan, plan_lab


def chosen(name: str | None) -> HostPlan:
    """The plan of the named host, else of the first of lab.yaml. Raises InvalidInput for an unknown one."""
    from homelab import lab

    plans = plan_lab(lab.load())
    if name is None:
        return plans.hosts[0]
    known = [plan.name for plan in plans.hosts]
    if name not in known:
        raise InvalidInput(Problem("--host", name, "no such host has a plan", f"known are {', '.join(known)}"))
    return plans.host(name)
