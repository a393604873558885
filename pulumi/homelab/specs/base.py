"""What every spec is: a product's settings, each a figure and the way the product writes it."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from homelab.figure import Figure

Notation = Callable[[int], str]


def setting(notation: Notation = str, name: str | None = None) -> Any:
    """A field of a spec: how the product writes the value, and its name there when Python's rules forbid it."""
    return field(metadata={"notation": notation, "name": name})


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    text: str
    figure: Figure


@dataclass(frozen=True)
class Spec:
    """A frozen table of settings in the product's own names."""

    def table(self) -> tuple[Setting, ...]:
        return tuple(
            Setting(item.metadata["name"] or item.name, item.metadata["notation"](figure.value), figure)
            for item in fields(self)
            if isinstance(figure := getattr(self, item.name), Figure)
        )

    def settings(self) -> dict[str, str]:
        """Name → text, as rendered."""
        return {row.name: row.text for row in self.table()}


def mb(mib: int) -> str:
    """Postgres: its MB is 1024² bytes."""
    return f"{mib}MB"


def mib(value: int) -> str:
    """Go's runtime, Garage and NATS."""
    return f"{value}MiB"


def gib(value: int) -> str:
    return f"{value}GiB"


def tenths(value: int) -> str:
    return f"{value / 10:.1f}"


def thousandths(value: int) -> str:
    return f"{value / 1000:.3f}"


def onoff(value: int) -> str:
    return "on" if value else "off"
