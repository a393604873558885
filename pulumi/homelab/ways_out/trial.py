"""The refused host, and what would be if its lab were another."""

from collections.abc import Iterable, Mapping, Sequence

from homelab.errors import HomelabError
from homelab.situation import HostPlan, Situation, plan_host


class Trial:
    """The refused host, what each consumer wants of it in MiB, and the hosts that were measured beside it."""

    def __init__(self, now: Situation, name: str, wanted: Mapping[str, int]) -> None:
        self.now, self.name, self.wanted = now, name, wanted
        self.placed = now.lab.hosts[name].placed
        self.others = [other for other in now.lab.hosts if other in now.facts and other != name]
        self._before: dict[str, HostPlan | None] = {}

    def before(self, other: str) -> HostPlan | None:
        """The plan of another host as the lab is; planned once."""
        if other not in self._before:
            self._before[other] = planned(self.now, other)
        return self._before[other]

    def saved(self, consumers: Iterable[str]) -> int:
        return sum(self.wanted.get(consumer, 0) for consumer in consumers)

    def holds(self, then: Situation) -> bool:
        return planned(then, self.name) is not None

    def without(self, consumers: Sequence[str]) -> tuple[str, ...]:
        return tuple(consumer for consumer in self.placed if consumer not in consumers)


def planned(now: Situation, name: str) -> HostPlan | None:
    """None where the host is refused, for whatever reason; a host that nothing is placed on has a plan too."""
    try:
        return plan_host(now.lab, name, now.facts[name])
    except HomelabError:
        return None


def listed(names: Sequence[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
