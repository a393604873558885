"""What a plan says of one host."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from homelab.facts import StorageClass
from homelab.figure import Figure
from homelab.llm import Fit

Kind = Literal["reserve", "headroom", "service", "burst", "job", "model"]
Pool = Literal["unified", "vram", "ram"]
"""Where a model's memory is: one pool for processor and GPU, the card's own, or main memory without a GPU."""


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
    """The disk that holds the platform's data: GiB by the use that is made of it. Others leave `usable`.

    `mount` is the path of the measured mount below the data; None where none was measured.
    """

    storage_class: StorageClass
    total: Figure
    usable: Figure
    shares: Mapping[str, Figure]
    mount: str | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """What a server of models may use for them, MiB in `pool`, and the best that fits it."""

    pool: Pool
    memory: Figure
    fit: Fit

    @property
    def used(self) -> Figure:
        setup = self.fit.setup
        return self.memory.then("rule", "models", setup.mib, f"the best that fits: {setup}")


@dataclass(frozen=True, slots=True)
class Vram:
    """The ledger of the card. `kept + sum(shares) + free_mib == total`; `kept` is not for models."""

    total: Figure
    kept: Figure
    shares: Mapping[str, Figure]

    @property
    def free_mib(self) -> int:
        return self.total.value - self.kept.value - sum(share.value for share in self.shares.values())

    @property
    def free(self) -> Figure:
        return self.total.then("rule", "the rest", self.free_mib, "no model can use it")


@dataclass(frozen=True, slots=True)
class Budget:
    """The ledger of one host. `sum(line.total_mib) + free_mib == total.value`, and nothing is negative.

    `vram` only where models are on a card with memory of its own; their lines are then their processes alone.
    """

    host: str
    total: Figure
    cores: Figure
    lines: tuple[Line, ...]
    free_mib: int
    disk: Disk
    servings: Mapping[str, Serving] = field(default_factory=dict)
    vram: Vram | None = None

    @property
    def free(self) -> Figure:
        return self.total.then("rule", "the rest", self.free_mib, "given to nobody: page cache of them all")

    def line(self, consumer: str) -> Line:
        """Raises KeyError for a consumer that is not placed on this host."""
        for line in self.lines:
            if line.consumer == consumer:
                return line
        raise KeyError(consumer)

    def __contains__(self, consumer: str) -> bool:
        return any(line.consumer == consumer for line in self.lines)
