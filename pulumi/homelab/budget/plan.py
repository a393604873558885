"""One host's budget: memory, CPU and disk together."""

from collections.abc import Sequence
from pathlib import Path

from homelab.budget import cpu, memory, models, storage
from homelab.budget.model import Budget, Line
from homelab.facts import Facts
from homelab.figure import Figure
from homelab.profile import Consumer, Profile

REQUEST_PERCENT = 80
"""Percent of its limit that an always-on service is sure to get: the scheduler packs by requests, and a fifth
of slack lets page cache live in the services' own cgroups."""


def plan(
    facts: Facts,
    placed: Sequence[str],
    profile: Profile,
    host: str,
    data_path: str = "/",
    served: models.Served | None = None,
) -> Budget:
    """The budget of `host`, on which the consumers `placed` run; its data lives under `data_path`, and its
    servers of models serve `served` (none: what the profile names).

    Raises BudgetExceeded when what is placed cannot fit. Equal arguments give equal budgets.
    """
    order = [name for name in profile.rules.consumers if name in placed]
    if served is None:
        served = models.served(order, profile, {}, Path())
    demands = models.demands(facts, served, profile)
    ledger = memory.share_out(facts, order, profile, demands)
    cores = cpu.cores_of(facts)
    several = {name: ledger.grants[name].replicas or _one(ledger.grants[name].limit) for name in order}
    replicas = {name: figure.value for name, figure in several.items()}
    shares = cpu.requests_and_limits(cores, replicas, profile)
    lines = [*_set_aside(ledger, cores, profile)]
    for name in order:
        grant, rule = ledger.grants[name], profile.rules.consumers[name]
        request = _request(grant.limit, rule)
        lines.append(Line(name, rule.kind, request, grant.limit, several[name], *shares[name]))
    volumes = storage.volumes(facts, tuple(order), profile, data_path, models.most_gib(demands, profile))
    room = volumes.room(models.least_files(demands, profile))
    vram = models.on_card(facts, demands, profile)
    limits = {name: ledger.grants[name].limit for name in demands}
    on_disk = models.shared_disk(demands, room, profile)
    servings = models.servings(demands, limits, vram, profile, on_disk)
    disk = volumes.share_out(models.files(servings, room))
    return Budget(host, ledger.total, cores, tuple(lines), ledger.free, disk, servings, vram)


def _set_aside(ledger: memory.Memory, cores: Figure, profile: Profile) -> tuple[Line, Line]:
    """The lines that nothing is deployed for: the system's own share, and what is never planned."""
    percent = profile.rules.reserve.cpu_percent
    source = profile.source("reserve.cpu_percent")
    system = cores.then("profile", source, cores.value * percent // 100, f"{percent} % of the cores")
    none = cores.then("rule", "headroom", 0, "headroom is memory only")
    return (
        Line("reserve", "reserve", ledger.reserve, ledger.reserve, _one(ledger.reserve), system, system),
        Line("headroom", "headroom", ledger.headroom, ledger.headroom, _one(ledger.headroom), none, none),
    )


def _one(limit: Figure) -> Figure:
    return limit.then("rule", "replicas", 1, "one process is the whole of it", unit="")


def _request(limit: Figure, rule: Consumer) -> Figure:
    if rule.kind == "burst":
        because = "a burst replica starts at its floor and grows when there is work"
        return limit.then("rule", "request of a burst replica", min(rule.floor, limit.value), because)
    if rule.kind == "model":
        return limit.then("rule", "request of a model", limit.value, "all of it is taken when the model is loaded")
    because = f"an always-on service is sure of {REQUEST_PERCENT} % of its limit"
    return limit.then("rule", "request of a service", limit.value * REQUEST_PERCENT // 100, because)
