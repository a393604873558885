"""Whether the hosts on which a store is placed can keep its data together. Pure."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from homelab.budget import Budget
from homelab.errors import Problem
from homelab.facts import Facts
from homelab.gates import disk, link
from homelab.gates.gate import Gate

Host = tuple[Facts, Budget]


@dataclass(frozen=True, slots=True)
class Rule:
    """How many hosts may have it, one apart; `why` is what the others would be for."""

    counts: tuple[int, ...]
    asks: str
    why: str
    operator: str | None = None
    """Without it in lab.yaml, one host is all."""

    commits: bool = False
    """Each writes down what it agrees to before it answers: the slowest disk is everyone's."""


MOST = tuple(range(3, 65))

RULES = {
    # Raft: of four servers two may not be away either; a stream has five copies at most.
    "nats": Rule((3, 5), "one host, three or five", "half of them decides nothing", commits=True),
    "garage": Rule(MOST, "one host, or three and more", "an object has one copy or three"),
    "postgres": Rule(
        MOST,
        "one host, or three and more under the operator cloudnative-pg",
        "alone they would each take writes",
        operator="cloudnative-pg",
        commits=True,
    ),
    "oxigraph": Rule((), "one host", "it has no replicas"),
}


def refused(consumer: str, hosts: Sequence[Host], where: str, operators: Container[str] = ()) -> Iterator[Problem]:
    """One for each reason: the number of the hosts, a disk, or the way between two of them."""
    rule, names = RULES[consumer], [facts.host for facts, _ in hosts]
    if len(hosts) < 2:
        return
    if rule.operator is not None and rule.operator not in operators:
        given = f"{consumer} is placed on {_listed(names)}"
        fix = f"keep it on {names[0]} alone, or install {rule.operator} and add it to cluster.operators"
        yield Problem(f"{where} hosts", given, f"{rule.asks}: {rule.why}", fix)
        return
    if len(hosts) not in rule.counts:
        given = f"{consumer} is placed on {_listed(names)}"
        yield Problem(f"{where} hosts", given, f"{rule.asks}: {rule.why}", _keep(rule, names))
        return
    if rule.commits:
        for facts, budget in hosts:
            yield from _disk(consumer, facts, budget)
    for (one, _), (other, _) in combinations(hosts, 2):
        yield from _way(consumer, one, other)


def _disk(consumer: str, facts: Facts, budget: Budget) -> Iterator[Problem]:
    store = {"nats": "JetStream"}.get(consumer, consumer)
    for gate in (*disk.measured(facts, budget), *disk.commits(facts, budget, consumer, store)):
        yield _problem(gate, f"no replica of {consumer} there: {gate.rule}")


def _way(consumer: str, one: Facts, other: Facts) -> Iterator[Problem]:
    """Measured from either end; where it was from both, the worse of them counts."""
    measured = [
        (facts.host, peer)
        for facts, there in ((one, other), (other, one))
        for peer in facts.network.peers
        if peer.peer == there.host
    ]
    if not measured:
        given, rule = f"the way to {other.host} is unmeasured", f"no replica of {consumer} over it until it is"
        fix = f"./lab ansible-hardware-audit --limit {one.host} --network-benchmark"
        yield Problem(f"host {one.host}, gate link.replica", given, rule, fix)
        return
    found = [list(link.judged(host, peer)) for host, peer in measured]
    # An end that only lacks a measurement says nothing where the other has it.
    known = [gates for gates in found if not any(gate.severity == "info" for gate in gates)] or found
    for gates in known:
        for gate in gates:
            yield _problem(gate, f"no replica of {consumer} over it: {gate.rule}")
            return


def _problem(gate: Gate, rule: str) -> Problem:
    given = f"{gate.evidence.fact} {gate.evidence.value}"
    return Problem(f"host {gate.host}, gate {gate.id}", given, rule, gate.mend)


def _keep(rule: Rule, names: Sequence[str]) -> str:
    fewer = [count for count in rule.counts if count < len(names)]
    if fewer:
        return f"keep it on {max(fewer)} of them"
    more = f", or place it on {rule.counts[0]}" if rule.counts else ""
    return f"keep it on {names[0]} alone{more}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"
