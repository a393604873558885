"""What the ledger allows each workload of the cluster, by its Kubernetes name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from homelab.budget import Line
from homelab.consumers import workload
from homelab.inference import servers
from homelab.lab import Host, Lab
from homelab.planner import LabPlan
from homelab.units import GIB, MIB

JOBS = {
    "bootstrap": "api",
    "checks-phase1-core": "api",
    "checks-phase2-pipeline": "api",
    "checks-phase3-inference": "api",
    "checks-phase4-tooling": "api",
    "registration": "api",
    "promptfoo-eval": "promptfoo",
}
"""What runs once, and whose line is its measure. The minute that it takes is paid by the host's reserve."""

TIMESCALEDB = 5432


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of each pod: bytes and millicores at most; how many pods there may be at once, and on how many hosts."""

    consumer: str
    memory: int
    millicores: int
    pods: int
    hosts: int = 1


NOTHING = Allowance("", 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """`workloads` by Kubernetes name; `disk` are bytes by the workload whose volume claims they hold.

    `outside` are the doors beyond the cluster that lab.yaml sends a workload to: (workload, port). `secrets` are
    values that must stand nowhere, with their names; where there are none, only those of the stack's own Secrets.
    `beside` are the Services that lead to another machine of the lab, each with that machine's address.
    `operators` are those that lab.yaml says the cluster has.
    """

    workloads: Mapping[str, Allowance]
    disk: Mapping[str, int] = field(default_factory=dict)
    outside: frozenset[tuple[str, int]] = frozenset()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    beside: Mapping[str, str] = field(default_factory=dict)
    operators: frozenset[str] = frozenset()


def ledger_of(lab: Lab, plan: LabPlan) -> Ledger:
    """What the plans of the cluster's nodes allow a workload, wherever it runs."""
    lines: dict[str, list[Line]] = {}
    disk: dict[str, int] = {}
    for host in plan.hosts:
        if host.name not in lab.nodes:
            continue
        for line in host.budget.lines:
            if line.kind in {"reserve", "headroom"}:
                continue
            name = workload(line.consumer)
            lines.setdefault(name, []).append(line)
            if share := host.budget.disk.shares.get(line.consumer):
                disk[name] = disk.get(name, 0) + share.value * GIB
    workloads = {name: _together(each) for name, each in lines.items()}
    for job, consumer in JOBS.items():
        if consumer in workloads:
            workloads[job] = workloads[consumer]
    models = servers(lab, (host for host in plan.hosts if host.name not in lab.nodes))
    beside = {server.name: server.address for server in models} | {
        f"timescaledb-{name}": host.address for name, host in _houses(lab)
    }
    doors = {*_outside(lab), *(("litellm", server.port) for server in models)}
    operators = frozenset(() if lab.cluster is None else lab.cluster.operators or ())
    if workloads.get("supabase-postgres", NOTHING).pods < 2:
        operators -= {"cloudnative-pg"}  # one Postgres alone is none of its
    return Ledger(workloads, disk, frozenset(doors), beside=beside, operators=operators)


def _together(lines: Sequence[Line]) -> Allowance:
    """On all hosts of a consumer: its pods are alike and spread evenly, so the smallest ledger is the measure."""
    return Allowance(
        lines[0].consumer,
        min(line.limit.value for line in lines) * MIB,
        min(line.cpu_limit.value for line in lines),
        len(lines) * min(line.replicas_max for line in lines),
        len(lines),
    )


def _outside(lab: Lab) -> Iterator[tuple[str, int]]:
    """LiteLLM speaks to the models that lab.yaml names, the API to a TimescaleDB of another machine."""
    for model in (lab.models.embedding, lab.models.chat):
        if model is not None and model.endpoint not in {None, "builtin"}:
            address = urlsplit(str(model.endpoint))
            yield "litellm", address.port or (443 if address.scheme == "https" else 80)
    if _houses(lab):
        yield "api", TIMESCALEDB


def _houses(lab: Lab) -> list[tuple[str, Host]]:
    """The hosts with Home Assistant's database."""
    return [(n, host) for n, host in lab.hosts.items() if "timescaledb" in host.placed and n not in lab.nodes]
