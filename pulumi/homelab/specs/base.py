"""What every spec is: a product's settings, each a figure and the way the product writes it."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from homelab.figure import Figure

Notation = Callable[[int], str]


def setting(notation: Notation = str, name: str | None = None) -> Any:
    """A field of a spec: how the product writes the value, and its name there when Python's rules forbid it."""
    return field(metadata={"notation": notation, "name": name})


@dataclass(frozen=True)
class Choice:
    """One word out of several, and the figure that decided for it."""

    text: str
    figure: Figure


@dataclass(frozen=True)
class Setting:
    name: str
    text: str
    figure: Figure


@dataclass(frozen=True)
class Spec:
    """A frozen table of settings in the product's own names."""

    def table(self) -> tuple[Setting, ...]:
        rows = []
        for item in fields(self):
            name, value = item.metadata["name"] or item.name, getattr(self, item.name)
            if isinstance(value, Choice):
                rows.append(Setting(name, value.text, value.figure))
            elif isinstance(value, Figure):
                rows.append(Setting(name, item.metadata["notation"](value.value), value))
        return tuple(rows)

    def settings(self) -> dict[str, str]:
        """Name → text, as rendered."""
        return {row.name: row.text for row in self.table()}


def kb(kib: int) -> str:
    """Postgres: its kB is 1024 bytes."""
    return f"{kib}kB"


def mb(mib: int) -> str:
    """Postgres: its MB is 1024² bytes."""
    return f"{mib}MB"


def mib(value: int) -> str:
    """Go's runtime, Garage and NATS."""
    return f"{value}MiB"


def gib(value: int) -> str:
    return f"{value}GiB"


def percent(value: int) -> str:
    return f"{value}%"


def tenths(value: int) -> str:
    return f"{value / 10:.1f}"


def thousandths(value: int) -> str:
    return f"{value / 1000:.3f}"


def onoff(value: int) -> str:
    return "on" if value else "off"
