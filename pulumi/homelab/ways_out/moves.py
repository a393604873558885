"""Consumers that another host of the lab can take."""

from collections.abc import Iterable, Iterator, Sequence

from homelab.errors import WayOut
from homelab.gates import judge
from homelab.situation import HostPlan, Situation
from homelab.ways_out.trial import Trial, listed, planned

HOSTS_TRIED = 8
"""Largest hosts of the lab that a move is tried to, so that a refusal among a thousand is as quick as a plan."""

STORES = ("postgres", "nats", "oxigraph", "garage", "openobserve", "timescaledb")
"""Whoever moves one of these copies its data; of the others there is nothing to copy."""


def moves(trial: Trial) -> Iterator[WayOut]:
    """One consumer to one host, by what is lost there; where one is not enough, several."""
    found = []
    for consumer in trial.placed:
        there = _best_host(trial, trial.now, (consumer,))
        if there is not None:
            (loss, host), then = there
            if trial.holds(then.placing({trial.name: trial.without([consumer])})):
                saves = trial.saved([consumer])
                way = WayOut(f"move {consumer} to {host}", saves, _copied([consumer]))
                found.append((consumer in STORES, loss, saves, way))
    yield from (way for *_, way in sorted(found, key=lambda one: one[:3]))
    if not found:
        yield from _moves_together(trial)


def _moves_together(trial: Trial) -> Iterator[WayOut]:
    """Those that want most, each to where least is lost, until the rest fits."""
    then, gone = trial.now, dict[str, str]()
    for consumer in sorted(trial.placed, key=lambda one: -trial.wanted.get(one, 0)):
        there = _best_host(trial, then, (consumer,))
        if there is None:
            continue
        (_, gone[consumer]), then = there
        if trial.holds(then.placing({trial.name: trial.without(list(gone))})):
            break
    else:
        return
    by_host: dict[str, list[str]] = {}
    for consumer, host in gone.items():
        by_host.setdefault(host, []).append(consumer)
    do = ", ".join(f"{listed(consumers)} to {host}" for host, consumers in by_host.items())
    yield WayOut(f"move {do}", trial.saved(gone), _copied(gone))


def _copied(consumers: Iterable[str]) -> str:
    stores = [consumer for consumer in consumers if consumer in STORES]
    return f"data to copy: {listed(stores)}" if stores else ""


def _best_host(trial: Trial, now: Situation, consumers: Sequence[str]) -> tuple[tuple[int, str], Situation] | None:
    """Where `consumers` fit and take least from what runs there: MiB lost, host, and the situation then."""
    largest = sorted(trial.others, key=lambda name: -now.facts[name].homelab.total_ram_mb)
    found = []
    for host in largest[:HOSTS_TRIED]:
        placed = now.lab.hosts[host].placed
        before = trial.before(host)
        if before is None or set(consumers) & set(placed) or not _may_run(now, host, consumers):
            continue
        then = now.placing({host: (*placed, *consumers)})
        after = planned(then, host)
        if after is not None and not _refused(after) - _refused(before):
            found.append(((_lost(before, after), host), then))
    return min(found, key=lambda one: one[0], default=None)


def _refused(plan: HostPlan) -> set[tuple[str, str]]:
    """What the host's measurements forbid of what it holds."""
    gates = judge(plan.facts, plan.budget)
    return {(gate.id, gate.rule) for gate in gates if gate.severity == "refuse"}


def _may_run(now: Situation, host: str, consumers: Sequence[str]) -> bool:
    """Home Assistant OS runs its TimescaleDB app, and nothing else does."""
    return (now.lab.hosts[host].system == "haos") == (set(consumers) == {"timescaledb"})


def _lost(before: HostPlan, after: HostPlan) -> int:
    """MiB that the consumers of a host lose together."""
    then = {line.consumer: line.total_mib for line in after.budget.lines}
    return sum(max(0, line.total_mib - then.get(line.consumer, 0)) for line in before.budget.lines)
