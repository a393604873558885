"""The facts of each host: there, of that machine, and young enough to plan by."""

from collections.abc import Iterator
from datetime import UTC, datetime

from homelab import facts, planner
from homelab.doctor.finding import Finding, Id, State
from homelab.errors import HomelabError, Problem
from homelab.facts import Facts
from homelab.lab import Lab

FOR_EVER = 10**6
"""Days; more than any age, so that only the machine is judged."""


def findings(lab: Lab) -> Iterator[Finding]:
    now, here = datetime.now(UTC), planner.local_machine_id()
    for name, host in lab.hosts.items():
        worst: State = "fail" if host.placed else "warn"  # nothing is planned by the facts of an empty host
        try:
            document = facts.load(lab.facts_dir / f"{name}.json")
        except HomelabError as refusal:
            yield from (_refused("facts.file", name, worst, problem) for problem in refusal.problems)
            continue
        yield Finding("facts.file", name, "ok", "there and whole")
        yield from machine(name, document, here if host.local else None, worst)
        yield from age(name, document, lab.facts_max_age_days, now, worst)


def machine(name: str, document: Facts, machine_id: str | None, worst: State) -> Iterator[Finding]:
    """`machine_id`: of the machine at hand, none where the host is another one."""
    measured = document.homelab
    try:
        facts.check(document, host=name, machine_id=machine_id, max_age_days=FOR_EVER, now=measured.audited_at)
    except HomelabError as refusal:
        yield from (_refused("facts.machine", name, worst, problem) for problem in refusal.problems)
        return
    of = "this machine" if machine_id is not None else f"machine {measured.machine_id or 'without an id'}"
    yield Finding("facts.machine", name, "ok", f"of {of}: {measured.model or document.cpu.cpu_model}")


def age(name: str, document: Facts, max_age_days: int, now: datetime, worst: State) -> Iterator[Finding]:
    try:
        facts.check(document, host=document.host, machine_id=None, max_age_days=max_age_days, now=now)
    except HomelabError as refusal:
        yield from (_refused("facts.age", name, worst, problem) for problem in refusal.problems)
        return
    days = max(0, (now - document.homelab.audited_at).days)
    yield Finding("facts.age", name, "ok", f"{days} of {max_age_days} days old")


def _refused(finding: Id, name: str, state: State, problem: Problem) -> Finding:
    return Finding(finding, name, state, f"{problem.given}; {problem.rule}", problem.fix)
