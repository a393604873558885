"""What the ledger allows each workload of the cluster, by its Kubernetes name."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Allowance:
    """Of each pod: bytes and millicores at most; and how many pods there may be at once."""

    consumer: str
    memory: int
    millicores: int
    pods: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """`workloads` by Kubernetes name; `disk` are bytes by the workload whose volume claims they hold.

    `outside` are the doors beyond the cluster that lab.yaml sends a workload to: (workload, port).
    """

    workloads: Mapping[str, Allowance]
    disk: Mapping[str, int] = field(default_factory=dict)
    outside: frozenset[tuple[str, int]] = frozenset()
