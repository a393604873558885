"""A number that remembers where it came from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["fact", "profile", "rule", "clamp"]


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the chain behind a number: where it was read or which rule made it, and why that rule is."""

    kind: Kind
    source: str
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Figure:
    """An integer with its unit and the chain that led to it, oldest step first."""

    value: int
    unit: str
    chain: tuple[Step, ...]

    def then(self, kind: Kind, source: str, value: int, because: str, unit: str | None = None) -> "Figure":
        """The next figure: `value` follows from this one by `because`."""
        unit = self.unit if unit is None else unit
        step = Step(kind, source, f"{value} {unit}".rstrip(), because)
        return Figure(value, unit, (*self.chain, step))


def given(kind: Kind, source: str, value: int, unit: str, because: str) -> Figure:
    """A figure that begins a chain: a measured fact, a line of a profile, a key of lab.yaml."""
    return Figure(value, unit, (Step(kind, source, f"{value} {unit}".rstrip(), because),))


def merge(*figures: Figure) -> tuple[Step, ...]:
    """The chains of several figures as one, each step once, in order."""
    return tuple(dict.fromkeys(_steps(figures)))


def _steps(figures: Iterable[Figure]) -> Iterable[Step]:
    for figure in figures:
        yield from figure.chain
