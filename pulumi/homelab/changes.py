"""What if the lab were another: a machine more, one less, a larger one, a consumer elsewhere. Pure."""

from collections.abc import Sequence

from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.facts import Facts
from homelab.imagined import Machine, changed
from homelab.lab import Host
from homelab.placement import settled
from homelab.situation import Situation
from homelab.what_if import known_consumers, named


def added(now: Situation, name: str, facts: Facts, place: Sequence[str]) -> Situation:
    """With a machine more; what is placed on it leaves the host that it runs on now. Without `place` it does what
    its kind of machine is for, beside the others.

    Raises InvalidInput when there is such a host, a consumer is unknown, or it is for nothing.
    """
    if name in now.lab.hosts:
        raise InvalidInput(Problem("--add", name, "the lab has this host", f"--upgrade {name}, or another name"))
    fewer = _without(now, known_consumers(place, "--place"))
    host = Host(address=name, place=tuple(place) or None)
    then = fewer.with_lab(hosts={**fewer.lab.hosts, name: host}).with_facts(name, named(facts, name))
    then = settled(then)
    if not then.lab.hosts[name].placed:
        raise InvalidInput(
            Problem("--add", name, "such a machine is for nothing by itself", "say --place CONSUMER")
        )
    return then


def removed(now: Situation, name: str) -> Situation:
    """Without a machine and what is placed on it. Raises InvalidInput for an unknown host, or the last."""
    _must_exist(now, "--remove", name)
    if len(now.lab.hosts) == 1:
        raise InvalidInput(Problem("--remove", name, "it is the only host", "a lab has one at least"))
    return now.with_lab(hosts={other: host for other, host in now.lab.hosts.items() if other != name})


def upgraded(now: Situation, name: str, machine: Machine) -> Situation:
    """With a machine changed as `machine` says. Raises InvalidInput for an unknown host, or no change."""
    _must_exist(now, "--upgrade", name)
    if machine == Machine():
        fix = "say --ram, --cores, --disk, --disk-class, --gpu-vram or --unified"
        raise InvalidInput(Problem("--upgrade", name, "nothing of it changes", fix))
    return now.with_facts(name, changed(now.facts[name], machine))


def moved(now: Situation, consumer: str, name: str) -> Situation:
    """With a consumer on the host `name`, and on no other. Raises InvalidInput where either is unknown."""
    _must_exist(now, "--move", name)
    known_consumers([consumer], "--move")
    fewer = _without(now, [consumer])
    return fewer.placing({name: (*fewer.lab.hosts[name].placed, consumer)})


def homeless(before: Situation, after: Situation) -> list[str]:
    """The consumers that ran somewhere and now run nowhere."""
    running = [consumer for host in before.lab.hosts.values() for consumer in host.placed]
    still = {consumer for host in after.lab.hosts.values() for consumer in host.placed}
    return [consumer for consumer in dict.fromkeys(running) if consumer not in still]


def _without(now: Situation, consumers: Sequence[str]) -> Situation:
    """Only hosts that lose one are said to have been placed by hand."""
    gone = set(consumers)
    hosts = {name: host.placed for name, host in now.lab.hosts.items() if gone & set(host.placed)}
    return now.placing({name: [one for one in placed if one not in gone] for name, placed in hosts.items()})


def _must_exist(now: Situation, option: str, name: str) -> None:
    if name not in now.lab.hosts:
        raise InvalidInput(Problem(option, name, "no such host in the lab", meant(name, list(now.lab.hosts))))
    if name not in now.facts:
        fix = f"./lab ansible-hardware-audit --limit {name}"
        raise InvalidInput(Problem(option, name, "it was not measured, or too long ago", fix))
