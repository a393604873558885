"""Where everything stands on the page: bars as boxes with a place and a width, ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from homelab.bars import Bar, Part, bars, memory
from homelab.figure import Step
from homelab.poster.colours import paint
from homelab.situation import HostPlan
from homelab.units import human_mib

ALONE, ONE_OF_MANY = 1060, 640
"""Units: the width of a host's bars, about its CSS pixels on a desktop screen, so that labels keep their size."""

LETTER = 7.6
"""Units: the widest average letter of a system font at the labels' size of 13."""

MARGIN = 8

LAST = ("others", "kept", "kept free", "free")
"""In the legend."""


@dataclass(frozen=True, slots=True)
class Box:
    name: str
    x: float
    width: float
    paint: str
    label: str
    """Empty where there is no room for it."""
    value: str
    """Under the label; empty where there is no room for it."""
    title: str
    """Lines for whoever points at it: what it is, then each step of the chain, its parts between em spaces."""


@dataclass(frozen=True, slots=True)
class Drawn:
    title: str
    text: str
    height: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the legend, which is the ledger in words: the same consumer in every bar."""

    name: str
    paint: str
    amounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostDrawing:
    name: str
    size: str
    about: tuple[str, ...]
    sum: str
    models: tuple[str, ...]
    """What each server of models serves, and how."""
    width: int
    bars: tuple[Drawn, ...]
    columns: tuple[str, ...]
    legend: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """One host's memory on the scale of the largest."""

    name: str
    text: str
    width: float
    boxes: tuple[Box, ...]


def drawing(plan: HostPlan, width: int) -> HostDrawing:
    measured = plan.facts.homelab
    drawn = tuple(bars(plan))
    about = (
        measured.model or plan.facts.cpu.cpu_model,
        measured.architecture,
        *((plan.facts.gpu.gpu_name,) if plan.facts.gpu.gpu_name else ()),
        f"profile {plan.profile.name}",
        f"measured {measured.audited_at:%Y-%m-%d}",
    )
    return HostDrawing(
        plan.name,
        human_mib(plan.budget.total.value),
        about,
        _sum(plan),
        tuple(f"{name}: {serving.fit.setup}" for name, serving in plan.budget.servings.items()),
        width,
        tuple(_drawn(bar, width, 58 if number == 0 else 30) for number, bar in enumerate(drawn)),
        tuple(bar.title for bar in drawn),
        _legend(drawn),
    )


def overview(plans: Sequence[HostPlan]) -> tuple[Overview, ...]:
    most = max(plan.budget.total.value for plan in plans)
    rows = []
    for plan in plans:
        bar = memory(plan)
        width = ALONE * bar.amount / most
        boxes = tuple(_box(bar, part, x, wide, labels=False) for part, x, wide in _places(bar, width))
        rows.append(Overview(plan.name, bar.text, round(width, 2), boxes))
    return tuple(rows)


def _drawn(bar: Bar, width: int, height: int) -> Drawn:
    boxes = tuple(_box(bar, part, x, wide, labels=True) for part, x, wide in _places(bar, width))
    return Drawn(bar.title, bar.text, height, boxes)


def _places(bar: Bar, width: float) -> list[tuple[Part, float, float]]:
    """Each part that is there, with the place where it begins and its width."""
    ends = [width * end / bar.amount for end in accumulate(part.amount for part in bar.parts)]
    begins = [0.0, *ends]
    return [
        (part, round(begin, 2), round(end - begin, 2))
        for part, begin, end in zip(bar.parts, begins, ends, strict=False)
        if part.amount
    ]


def _box(bar: Bar, part: Part, x: float, width: float, *, labels: bool) -> Box:
    letters = int((width - MARGIN) / LETTER)
    label = part.name if labels and len(part.name) <= letters else ""
    value = part.text.partition(" (")[0]
    value = value if label and len(value) <= letters else ""
    heading = f"{part.name} · {part.text} of {bar.text} · {100 * part.amount / bar.amount:.1f} %"
    return Box(part.name, x, width, paint(part.name), label, value, "\n".join((heading, *map(_line, part.chain))))


def _line(step: Step) -> str:
    return "\u2003".join((step.kind, step.value, step.because, step.source))


def _legend(drawn: Sequence[Bar]) -> tuple[Entry, ...]:
    named = dict.fromkeys(part.name for bar in drawn for part in bar.parts if part.amount)
    names = sorted(named, key=lambda name: LAST.index(name) if name in LAST else -1)
    amounts = [{part.name: part.text for part in bar.parts if part.amount} for bar in drawn]
    return tuple(Entry(name, paint(name), tuple(of.get(name, "") for of in amounts)) for name in names)


def _sum(plan: HostPlan) -> str:
    """The account of memory in one line: it adds up."""
    kinds: dict[str, int] = {}
    for line in plan.budget.lines:
        kinds[line.kind] = kinds.get(line.kind, 0) + line.total_mib
    terms = [f"{kind} {mib:,}" for kind, mib in (*kinds.items(), ("free", plan.budget.free_mib))]
    return f"{' + '.join(terms)} = {plan.budget.total.value:,} MiB".replace(",", "\u202f")
