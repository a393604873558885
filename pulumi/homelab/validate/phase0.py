"""What must hold before anything is deployed: measured hosts that answer, a database, encrypted secrets."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from homelab import sops
from homelab.audit import run
from homelab.errors import HomelabError, Problem
from homelab.facts import check, load
from homelab.lab import Lab
from homelab.planner import local_machine_id
from homelab.sandbox import boot
from homelab.sandbox.owner import of_lab
from homelab.units import human_mib
from homelab.validate.outcome import Outcome, failed, held, left_out
from homelab.validate.timescale import timescale

Tell = Callable[[str], None]


def outcomes(lab: Lab, tell: Tell, now: datetime | None = None) -> Iterator[Outcome]:
    """`tell` hears what is being asked."""
    moment = datetime.now(UTC) if now is None else now
    yield from (_facts(lab, name, moment) for name in lab.hosts)
    yield from _answers(lab, tell)
    yield left_out("tailnet", "lab.yaml names no tailnet")
    tell("TimescaleDB")
    yield from timescale(lab)
    yield _secrets(lab)


def _facts(lab: Lab, name: str, now: datetime) -> Outcome:
    told = f"facts of {name}"
    try:
        facts = load(lab.facts_dir / f"{name}.json")
        machine = local_machine_id() if lab.hosts[name].local else None
        check(facts, host=name, machine_id=machine, max_age_days=lab.facts_max_age_days, now=now)
    except HomelabError as error:
        return _broken(told, error)
    measured = facts.homelab
    size = f"{human_mib(measured.total_ram_mb)}, {measured.cpu_cores} cores"
    return held(told, f"measured {measured.audited_at:%Y-%m-%d %H:%M} UTC: {size}")


def _answers(lab: Lab, tell: Tell) -> Iterator[Outcome]:
    """Every host on which something is placed. The sandbox's nodes are parts of this machine, without ssh."""
    placed = [name for name, host in lab.hosts.items() if host.placed]
    sandbox = of_lab(lab.path)
    parts = {} if sandbox is None else {node.name: node for node in sandbox.nodes}
    remote = [name for name in placed if not lab.hosts[name].local and name not in parts]
    problems: Mapping[str, Problem] = {}
    if remote:
        tell(f"whether {', '.join(remote)} answer")
        problems = run.reached(lab, remote)
    for name in placed:
        told = f"{name} answers"
        if name in parts and not boot.runs(parts[name]):
            yield failed(told, "its node of the sandbox does not run", "./lab sandbox-up")
        elif name not in remote:
            yield held(told, "it is this machine")
        elif (problem := problems.get(name)) is None:
            yield held(told, f"by ssh at {lab.hosts[name].address}")
        else:
            yield failed(told, problem.given, problem.fix or f"ssh {lab.hosts[name].address}")


def _secrets(lab: Lab) -> Outcome:
    told = "secrets encrypted"
    found = sops.problems(lab)
    if not found:
        place, count = sops.place(lab), len(sops.wanted(lab))
        return held(told, f"{count} files in {place.folder.name}/, every value, for each recipient")
    first, *others = found
    more = f"; {len(others)} more of the kind: ./lab doctor lists them" if others else ""
    return failed(told, f"{first.where}: {first.given}{more}", first.fix)


def _broken(name: str, error: HomelabError) -> Outcome:
    first = error.problems[0]
    return failed(name, f"{first.given}; {first.rule}", first.fix)
