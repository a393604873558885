"""One spec for pods that are alike on hosts that are not."""

from dataclasses import replace
from typing import TypeVar

from homelab.specs.base import Spec
from homelab.specs.garage import Garage
from homelab.specs.nats import Nats
from homelab.specs.pipeline import Pipeline

S = TypeVar("S", bound=Spec)

FROM_DISK = {Nats: ("max_file_store",), Garage: ("capacity",), Pipeline: ("stream_scale",)}
"""What follows from the host's disk and not from its memory, by which the host was chosen."""


def least_disk(one: S, other: S) -> S:
    """`one`, with what follows from the disk as small as on the other's host."""
    changed = {
        name: min(getattr(one, name), getattr(other, name), key=lambda figure: figure.value)
        for name in FROM_DISK.get(type(one), ())
    }
    return replace(one, **changed)
