"""A consumer's line of the ledger as plain numbers, for runtimes that know no budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from homelab.budget import Budget


@dataclass(frozen=True)
class Share:
    """MiB, millicores and GiB of disk of each replica, and how many replicas there are at least and at most.

    `disk_gib` is 0 for what keeps nothing.
    """

    request_mib: int
    limit_mib: int
    cpu_request_m: int
    cpu_limit_m: int
    replicas_min: int
    replicas_max: int
    disk_gib: int


def share(budget: Budget, consumer: str) -> Share:
    """Raises KeyError for a consumer that is not placed on this host."""
    line = budget.line(consumer)
    disk = budget.disk.shares.get(consumer)
    return Share(
        request_mib=line.request.value,
        limit_mib=line.limit.value,
        cpu_request_m=line.cpu_request.value,
        cpu_limit_m=line.cpu_limit.value,
        replicas_min=line.replicas_min,
        replicas_max=line.replicas_max,
        disk_gib=disk.value if disk is not None else 0,
    )


def together(shares: Sequence[Share]) -> Share:
    """What every one of several hosts gives, so that pods that are spread evenly fit the ledger of each.

    There are as many replicas at least as hosts.
    """
    hosts = len(shares)
    return Share(
        request_mib=min(one.request_mib for one in shares),
        limit_mib=min(one.limit_mib for one in shares),
        cpu_request_m=min(one.cpu_request_m for one in shares),
        cpu_limit_m=min(one.cpu_limit_m for one in shares),
        replicas_min=hosts * min(one.replicas_min for one in shares),
        replicas_max=hosts * min(one.replicas_max for one in shares),
        disk_gib=min(one.disk_gib for one in shares),
    )
