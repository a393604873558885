"""A plan for a machine at one's fingertips: its description checked, everything placed unless told otherwise."""

from collections.abc import Sequence
from typing import get_args

from homelab import budget, profile
from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.facts import Facts, StorageClass
from homelab.imagined import Architecture, Machine
from homelab.lab import load
from homelab.planner import HostPlan
from homelab.specs import specs_of
from homelab.units import parse_bytes


def described(
    ram: str | None,
    cores: int | None,
    disk: str | None,
    disk_class: str | None,
    gpu_vram: str | None,
    unified: bool,
    arch: str | None,
) -> Machine:
    """Raises InvalidInput with every option that cannot be understood."""
    problems: list[Problem] = []

    def size(option: str, text: str | None) -> int | None:
        try:
            return None if text is None else parse_bytes(text)
        except ValueError as error:
            problems.append(Problem(option, str(text), str(error), ""))
            return None

    def one_of(option: str, text: str | None, known: Sequence[str]) -> str | None:
        if text is not None and text not in known:
            problems.append(Problem(option, text, "not known", meant(text, known)))
        return text

    machine = Machine(
        ram=size("--ram", ram),
        cores=cores,
        disk=size("--disk", disk),
        disk_class=one_of("--disk-class", disk_class, get_args(StorageClass)),  # type: ignore[arg-type]
        gpu_vram=size("--gpu-vram", gpu_vram),
        unified=unified,
        architecture=one_of("--arch", arch, get_args(Architecture)),  # type: ignore[arg-type]
    )
    if problems:
        raise InvalidInput(*problems)
    return machine


def planned(facts: Facts, name: str, place: Sequence[str] | None, profile_name: str) -> HostPlan:
    """The plan of this machine with the models of the current lab; `place` None is everything.

    Raises InvalidInput for an unknown consumer or profile, BudgetExceeded when it does not fit.
    """
    known = ["auto", *profile.names()]
    if profile_name not in known:
        raise InvalidInput(Problem("--profile", profile_name, "no such profile", meant(profile_name, known)))
    rules = profile.load(profile_name, ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags)
    consumers = rules.rules.consumers
    everything = [consumer for consumer, rule in consumers.items() if not rule.by_hand]
    unknown = [consumer for consumer in place or () if consumer not in consumers]
    if unknown:
        names = list(consumers)
        raise InvalidInput(*(Problem("--place", one, "no such consumer", meant(one, names)) for one in unknown))
    ledger = budget.plan(facts, place or everything, rules, name)
    return HostPlan(name, facts, rules, ledger, specs_of(ledger, rules, load()))
