"""The hosts that an option of a command names."""

from collections.abc import Sequence

import typer

from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.lab import Lab
from homelab.planner import HostPlan, plan_lab


def known(lab: Lab, names: Sequence[str], option: str) -> list[str]:
    """`names` again. Raises typer.BadParameter for one that is no host of the lab."""
    for name in names:
        if name not in lab.hosts:
            rule = f"{name!r} is no host of {lab.path.name}; {meant(name, list(lab.hosts))}"
            raise typer.BadParameter(rule, param_hint=option)
    return list(names)


def chosen(lab: Lab, name: str | None) -> HostPlan:
    """The plan of the named host, else of the first that has one.

    Raises typer.BadParameter for an unknown host, InvalidInput where nothing is placed.
    """
    wanted = list(lab.hosts) if name is None else known(lab, [name], "--host")
    for plan in plan_lab(lab).hosts:
        if plan.name in wanted:
            return plan
    where = f"hosts.{name}" if name is not None else "hosts"
    rule = "only what is placed on a host has a plan"
    raise InvalidInput(Problem(f"{lab.path.name} {where}", "nothing is placed", rule, "add consumers to place"))
