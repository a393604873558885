"""Where every object goes, and what each workload is given."""

from dataclasses import dataclass

import pulumi

from homelab.consumers import NAMESPACE
from homelab.lab import Ports
from homelab.specs.share import Share

__all__ = ["EVERYWHERE", "NAMESPACE", "PORTS", "Image", "Scope", "Workload"]

PORTS = Ports()
"""The services' usual ports: in the cluster each has an address of its own, so nobody needs another."""

EVERYWHERE = "0.0.0.0"  # noqa: S104  a pod's own address; network policies say who reaches it
"""What a server in a pod listens on: its readiness is asked from outside, and so are its questions."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`namespace` is an output in the phase that makes it, so that its objects come after it.

    `operators` are those of lab.yaml: what they serve is left to them.
    """

    namespace: pulumi.Input[str]
    storage_class: str | None = None
    operators: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Image:
    """A full reference, and the user and group that its files were made for."""

    reference: str
    uid: int


@dataclass(frozen=True, slots=True)
class Workload:
    """`nodes` are the only ones on which its pods may be; empty means any."""

    image: Image
    share: Share
    nodes: tuple[str, ...] = ()
