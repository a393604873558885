"""The ledger of a host as a table that adds up, and as a picture; a refusal with its whole sum."""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from rich.cells import set_cell_size
from rich.console import Console, Group, RenderableType
from rich.text import Text

from homelab.bars import Bar
from homelab.budget import Budget, Line
from homelab.cli.output import console, percent, table
from homelab.cli.serving import servings
from homelab.errors import BudgetExceeded
from homelab.units import human_mib

NUMBERS = ("request", "limit", "replicas", "in all", "of RAM", "CPU m")
NOTE = (
    "Memory in MiB: limit × most replicas = in all. CPU in millicores of one replica:\n"
    "request / limit; in the sum: the requests of all replicas / the cores."
)
TITLE = 7
"""Columns before each bar."""

SET_ASIDE = ("reserve", "headroom", "others", "kept", "kept free")
COLOURS = ("cyan", "green", "yellow", "blue", "magenta", "bright_cyan", "bright_green", "bright_blue")


def ledger(budget: Budget, profile: str, bars: Iterable[Bar]) -> RenderableType:
    """One host: each line with its share, the free rest, the sum, and under it the host in pictures."""
    total = budget.total.value
    held = sum(line.total_mib for line in budget.lines) + budget.free_mib
    requests = sum(line.cpu_request.value * line.replicas_max for line in budget.lines)
    sums = {
        "consumer": "sum",
        "in all": str(held),
        "of RAM": percent(held, total),
        "CPU m": f"{requests} / {budget.cores.value}",
    }
    rows = table("consumer", "kind", *NUMBERS, numbers=NUMBERS, sums=sums)
    for line in budget.lines:
        rows.add_row(*_cells(line, total))
    rows.add_row("free", "page cache", "", "", "", str(budget.free_mib), percent(budget.free_mib, total), "")
    cores = budget.cores.value / 1000
    title = Text(f"{budget.host}", style="bold")
    title.append(f" · {human_mib(total)} · {cores:g} cores · profile {profile}", style="not bold")
    note = Text(NOTE, style="dim")
    return Group(title, rows, *map(StackedBar, bars), note, *servings(budget))


def _cells(line: Line, total: int) -> tuple[str, ...]:
    fixed = line.kind in ("reserve", "headroom")
    replicas = str(line.replicas_max)
    if line.replicas_min != line.replicas_max:
        replicas = f"{line.replicas_min}–{line.replicas_max}"
    return (
        line.consumer,
        line.kind,
        str(line.request.value),
        str(line.limit.value),
        "" if fixed else replicas,
        str(line.total_mib),
        percent(line.total_mib, total),
        _cpu(line),
    )


def _cpu(line: Line) -> str:
    request, limit = line.cpu_request.value, line.cpu_limit.value
    if request == limit:
        return str(request) if request else ""
    return f"{request} / {limit}"


class StackedBar:
    """All of something as one bar after its title, each part as wide as its share and named where it fits."""

    def __init__(self, bar: Bar) -> None:
        self.title = f"{bar.title.partition(' ')[0]:<{TITLE}}"
        self.parts = [part for part in bar.parts if part.amount]

    def __rich_console__(self, console: Console, options: object) -> Iterable[RenderableType]:
        cells = shares([part.amount for part in self.parts], console.width - len(self.title))
        line = Text(self.title, no_wrap=True, overflow="crop")
        for number, (part, width) in enumerate(zip(self.parts, cells, strict=True)):
            colour = _colour(part.name, number) if console.color_system and not console.no_color else ""
            line.append(_segment(part.name, width, plain=not colour), style=colour)
        yield line


def _colour(name: str, number: int) -> str:
    if name == "free":
        return "white on grey23"
    return f"black on {'bright_black' if name in SET_ASIDE else COLOURS[number % len(COLOURS)]}"


def _segment(name: str, width: int, *, plain: bool) -> str:
    """Without colour a stroke begins each segment, so that neighbours can be told apart."""
    inner = max(0, width - 1)
    label = name if len(name) <= inner else name[:inner] if inner >= 4 else ""
    return set_cell_size(("|" if plain else " ")[:width] + label, width)


def shares(amounts: Sequence[int], width: int) -> list[int]:
    """Whole cells for each amount, in proportion, adding up to `width`; borders are rounded, so nothing drifts."""
    total = sum(amounts)
    borders = (
        [0, *(round(width * end / total) for end in accumulate(amounts))] if total else [0] * (len(amounts) + 1)
    )
    return [end - begin for begin, end in pairwise(borders)]


def refusal(error: BudgetExceeded) -> RenderableType:
    """Everything that was asked of the host, how much is missing, and what can be done."""
    missing = error.wanted_mib - error.total_mib
    foot = {
        "consumer": f"sum\n{error.resource} of {error.host}\nmissing",
        "at least": f"{error.wanted_mib}\n{error.total_mib}\n{missing}",
    }
    rows = table("consumer", "at least", numbers=("at least",), sums=foot)
    for consumer, mib in error.lines:
        rows.add_row(consumer, str(mib))
    title = Text(f"{error.host} · what is placed on it needs, in MiB of {error.resource}", style="bold")
    return Group(title, rows, *_ways_out(error), *map(Text, map(str, error.problems)))


def _ways_out(error: BudgetExceeded) -> Iterable[RenderableType]:
    if not error.ways_out:
        return
    rows = table("what fits instead, the cheapest first", "saves MiB", "what is lost", numbers=("saves MiB",))
    for way in error.ways_out:
        rows.add_row(way.do, str(way.saves_mib or ""), way.loses or "nothing")
    yield from (rows, Text())


def show_refusal(error: BudgetExceeded) -> None:
    """On stderr, wrapped at its width."""
    console("stderr").print(refusal(error))
