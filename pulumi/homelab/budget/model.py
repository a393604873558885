"""What a plan says of one host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from homelab.facts import StorageClass
from homelab.figure import Figure

Kind = Literal["reserve", "headroom", "service", "burst", "job"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one consumer may use: MiB and millicores of each replica, and how many replicas at most."""

    consumer: str
    kind: Kind
    request: Figure
    limit: Figure
    replicas: Figure
    cpu_request: Figure
    cpu_limit: Figure

    @property
    def replicas_min(self) -> int:
        return 1

    @property
    def replicas_max(self) -> int:
        return self.replicas.value

    @property
    def total_mib(self) -> int:
        """With every replica that the ledger allows."""
        return self.limit.value * self.replicas_max


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk that holds the platform's data: GiB by the use that is made of it."""

    storage_class: StorageClass
    total: Figure
    shares: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Budget:
    """The ledger of one host. `sum(line.total_mib) + free_mib == total.value`, and nothing is negative."""

    host: str
    total: Figure
    cores: Figure
    lines: tuple[Line, ...]
    free_mib: int
    disk: Disk

    def line(self, consumer: str) -> Line:
        """Raises KeyError for a consumer that is not placed on this host."""
        for line in self.lines:
            if line.consumer == consumer:
                return line
        raise KeyError(consumer)

    def __contains__(self, consumer: str) -> bool:
        return any(line.consumer == consumer for line in self.lines)
