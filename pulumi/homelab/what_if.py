"""A machine at one's fingertips: its description checked, and the lab that consists of it alone."""

from collections.abc import Sequence
from typing import get_args

from homelab import profile
from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.facts import Facts, StorageClass
from homelab.imagined import Architecture, Machine
from homelab.lab import Host, Lab
from homelab.situation import Situation
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


def alone(lab: Lab, facts: Facts, name: str, place: Sequence[str] | None) -> Situation:
    """This machine as the only host, with the models of `lab`; `place` None is everything.

    Raises InvalidInput for an unknown consumer.
    """
    rules = profile.load(lab.profile, ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags).rules
    everything = [consumer for consumer, rule in rules.consumers.items() if not rule.by_hand]
    host = imagined_host(known_consumers(place, "--place") if place else everything)
    return Situation(lab.model_copy(update={"hosts": {name: host}}), {name: named(facts, name)})


def known_profile(name: str) -> str:
    """Raises InvalidInput for a name that lab.yaml could not give."""
    known = ["auto", *profile.bases()]
    if name not in known:
        raise InvalidInput(Problem("--profile", name, "no such profile", meant(name, known)))
    return name


def known_consumers(place: Sequence[str], option: str) -> Sequence[str]:
    """Raises InvalidInput with every consumer that no profile knows."""
    known = list(profile.load("default", ram_mib=1).rules.consumers)
    unknown = [consumer for consumer in place if consumer not in known]
    if unknown:
        raise InvalidInput(*(Problem(option, one, "no such consumer", meant(one, known)) for one in unknown))
    return place


def imagined_host(place: Sequence[str]) -> Host:
    return Host(address="imagined", place=tuple(place))


def named(facts: Facts, name: str) -> Facts:
    """The facts as those of the host `name`."""
    measured = facts.homelab.model_copy(update={"host": name})
    return facts.model_copy(update={"host": name, "homelab": measured})
