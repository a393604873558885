"""The ledger of memory: who gets how much of a host's RAM, in the order in which it is given out.

The rules are those of the documentation (docs/budget.md): reserve and headroom, every floor, then the services
that grow, then the burst pool. Each step takes only what is left, so the sum always fits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from homelab.budget import models
from homelab.budget.models import Demand
from homelab.errors import BudgetExceeded
from homelab.facts import Facts
from homelab.figure import Figure, given, merge
from homelab.profile import Consumer, Profile

STEP = 100
"""MiB. RAM is shared out in steps of which every percent is a whole number of MiB: no rounding can then make a
consumer lose a MiB when the host gains one, and a kernel update that moves MemTotal a little moves no setting."""


@dataclass(frozen=True, slots=True)
class Grant:
    """MiB of each replica, and how many replicas; None of what is never more than one."""

    limit: Figure
    replicas: Figure | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    total: Figure
    reserve: Figure
    headroom: Figure
    grants: dict[str, Grant]
    free: int


def share_out(facts: Facts, placed: Sequence[str], profile: Profile, demands: Mapping[str, Demand]) -> Memory:
    """Raises BudgetExceeded when reserve, headroom and the floors of everything placed do not fit."""
    rules = profile.rules
    total = given("fact", "homelab.total_ram_mb", facts.homelab.total_ram_mb, "MiB", "measured on the host")
    planned = total.then("rule", "step", total.value - total.value % STEP, f"shared out in steps of {STEP} MiB")
    reserve, headroom = _reserve(planned, profile), _headroom(planned, profile)
    floors = {name: _floor(name, profile) for name in placed}
    floors |= {name: demand.least for name, demand in demands.items()}
    _must_fit(facts.host, planned.value, reserve, headroom, floors)
    here = {name: demand for name, demand in demands.items() if demand.pool != "vram"}
    _models_must_fit(facts.host, planned, here, profile)
    left = planned.value - reserve.value - headroom.value - sum(floor.value for floor in floors.values())
    grants = {name: Grant(floor) for name, floor in floors.items()}
    for name in rules.growth.first:
        if name in grants:
            grants[name], left = _grow(name, planned, floors[name], left, profile)
    left, unused = _grow_models(grants, planned, left, here, profile)
    left = _share_rest(grants, planned, left, facts.homelab.cpu_cores, profile)
    return Memory(total, reserve, headroom, grants, left + unused + total.value - planned.value)


def _reserve(planned: Figure, profile: Profile) -> Figure:
    percent = profile.rules.reserve.memory_percent
    return planned.then(
        "profile",
        profile.source("reserve.memory_percent"),
        planned.value * percent // 100,
        f"{percent} % for the system, k3s and what people run beside the platform",
    )


def _headroom(planned: Figure, profile: Profile) -> Figure:
    rule = profile.rules.headroom
    small = min(planned.value, rule.proportional_until_mib) * rule.percent // 100
    between = max(0, min(planned.value, rule.flat_from_mib) - rule.proportional_until_mib)
    climb = (rule.flat_mib - rule.proportional_until_mib * rule.percent // 100) * between
    sloped = small + climb // (rule.flat_from_mib - rule.proportional_until_mib)
    value = max(sloped, planned.value * rule.percent // 100)
    because = f"{rule.percent} % up to 16 GiB, linear to {rule.flat_mib} MiB at 32 GiB, then the larger of both"
    return planned.then("profile", profile.source("headroom.percent"), value, because)


def _floor(name: str, profile: Profile) -> Figure:
    key = f"consumers.{name}.floor"
    return profile.given(key, profile.rules.consumers[name].floor, "MiB", "below this it cannot do its work")


def _must_fit(host: str, planned: int, reserve: Figure, headroom: Figure, floors: dict[str, Figure]) -> None:
    asked = {"reserve": reserve, "headroom": headroom, **floors}
    lines = tuple((name, figure.value) for name, figure in asked.items())
    wanted = sum(mib for _, mib in lines)
    if wanted > planned:
        raise BudgetExceeded(host, "memory", planned, wanted, lines)


def _models_must_fit(host: str, planned: Figure, here: Mapping[str, Demand], profile: Profile) -> None:
    """The models together stay below their part of the memory, however little else is placed."""
    if not here:
        return
    pool = next(iter(here.values())).pool
    kept = planned.value - models.ceiling(planned, pool, profile).value
    floors = {name: demand.least for name, demand in here.items()}
    wanted = kept + sum(floor.value for floor in floors.values())
    if wanted > planned.value:
        lines = (("not for models", kept), *((name, floor.value) for name, floor in floors.items()))
        raise BudgetExceeded(host, "memory", planned.value, wanted, lines)


def _grow_models(
    grants: dict[str, Grant], planned: Figure, left: int, here: Mapping[str, Demand], profile: Profile
) -> tuple[int, int]:
    """Half of what is left to each in turn, all where nothing comes after them, up to what it can use.

    Returns what is left for others, and what the models' common ceiling keeps from them. That is nobody's: the
    ceiling rises faster with RAM than what is left does, so others would get less from more RAM.
    """
    rules = profile.rules
    sharing = {rules.growth.halves_with_burst, *(n for n, rule in rules.consumers.items() if rule.kind == "burst")}
    follow = not sharing.isdisjoint(grants)
    unused = 0
    for name, demand in here.items():
        offered = min(demand.most.value - demand.least.value, left // 2 if follow else left)
        most = models.ceiling(planned, demand.pool, profile)
        others = sum(grants[other].limit.value for other in here if other != name)
        taken = min(offered, max(0, most.value - others - demand.least.value))
        value = demand.least.value + taken
        if value == demand.most.value:
            limit = demand.most
        elif taken < offered:
            both = Figure(most.value, most.unit, merge(demand.least, most))
            limit = both.then("clamp", "the models' ceiling", value, f"all of it but {others} MiB of others")
        else:
            part = "half of what is left" if follow else "all that is left"
            limit = demand.least.then("clamp", "left over", value, f"its floor and {part}")
        grants[name] = Grant(limit)
        left -= offered
        unused += offered - taken
    return left, unused


def _target(name: str, planned: Figure, profile: Profile) -> Figure:
    rule = profile.rules.consumers[name]
    if rule.percent is not None:
        source = profile.source(f"consumers.{name}.percent")
        return planned.then("profile", source, planned.value * rule.percent // 100, f"{rule.percent} % of RAM")
    target = rule.floor if rule.target is None else rule.target
    return profile.given(f"consumers.{name}.target", target, "MiB", "its target, whatever the host")


def _grow(name: str, planned: Figure, floor: Figure, left: int, profile: Profile) -> tuple[Grant, int]:
    """Up to the target, from what is left."""
    target = _target(name, planned, profile)
    if target.value <= floor.value:
        source = profile.source(f"consumers.{name}.floor")
        return Grant(target.then("clamp", source, floor.value, "its floor")), left
    extra = min(target.value - floor.value, left)
    limit = target
    if floor.value + extra < target.value:
        limit = target.then("clamp", "left over", floor.value + extra, "its floor and all that is left")
    return Grant(limit), left - extra


def _share_rest(grants: dict[str, Grant], planned: Figure, left: int, cores: int, profile: Profile) -> int:
    """Half to the one consumer, half to the burst pool; each passes on what it cannot use. Returns the rest."""
    name = profile.rules.growth.halves_with_burst
    pool = _Pool.of(grants, cores, profile)
    if name not in grants:
        return left - pool.fill(grants, left, profile)
    floor, target = grants[name].limit, _target(name, planned, profile)
    room = max(0, target.value - floor.value)
    extra = min(room, max(left // 2, left - pool.most))
    if room and extra == room:
        limit = target
    elif room:
        because = "its floor and half of what is left, and what the burst pool cannot use"
        limit = target.then("clamp", "left over", floor.value + extra, because)
    else:
        limit = target.then("clamp", profile.source(f"consumers.{name}.floor"), floor.value, "its floor")
    grants[name] = Grant(limit)
    return left - extra - pool.fill(grants, left - extra, profile)


@dataclass(frozen=True, slots=True)
class _Pool:
    """The burst consumers of a host: name, rule and most replicas, in the order of the profile."""

    members: tuple[tuple[str, Consumer, int], ...]

    @classmethod
    def of(cls, grants: dict[str, Grant], cores: int, profile: Profile) -> "_Pool":
        few = cores < profile.rules.few_cores
        burst = ((n, rule) for n, rule in profile.rules.consumers.items() if n in grants and rule.kind == "burst")
        return cls(tuple((n, rule, rule.replicas_few_cores if few else rule.replicas) for n, rule in burst))

    @property
    def most(self) -> int:
        """MiB beyond the first floors that the pool can use at all."""
        return sum(rule.ceiling * most - rule.floor for _, rule, most in self.members if rule.ceiling is not None)

    def fill(self, grants: dict[str, Grant], left: int, profile: Profile) -> int:
        """Replicas first, at floor size, in turn; sizes grow only when all are there. Returns the MiB taken."""
        counts = {name: 1 for name, _, _ in self.members}
        taken = 0
        # It stops at the first replica that does not fit, although a smaller one might: else a few MiB more
        # would take that one away again, and a consumer would get less from more RAM.
        for turn in range(2, max((most for _, _, most in self.members), default=1) + 1):
            for name, rule, most in self.members:
                if turn <= most:
                    if left - taken < rule.floor:
                        self._set(grants, counts, 0, 1, profile)
                        return taken
                    counts[name] = turn
                    taken += rule.floor
        room = sum(
            (rule.ceiling - rule.floor) * most for _, rule, most in self.members if rule.ceiling is not None
        )
        spare = min(left - taken, room)
        return taken + self._set(grants, counts, spare, max(room, 1), profile)

    def _set(
        self, grants: dict[str, Grant], counts: dict[str, int], spare: int, room: int, profile: Profile
    ) -> int:
        grown = 0
        for name, rule, most in self.members:
            ceiling = rule.floor if rule.ceiling is None else rule.ceiling
            more = (ceiling - rule.floor) * spare // room
            grown += more * counts[name]
            because = f"{counts[name]} of at most {most} replicas fit; sizes grow when all do"
            source = profile.source(f"consumers.{name}.ceiling")
            limit = grants[name].limit.then("profile", source, rule.floor + more, because)
            replicas = limit.then("rule", "burst pool", counts[name], because, unit="")
            grants[name] = Grant(limit, replicas)
        return grown
