"""The words of a PDF page → lines in reading order: columns by their gutters, cells by their gaps.

Coordinates are PDF points, x to the right, y upwards.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, takewhile
from statistics import median

CELL_GAP = 1.0
"""Of the text's height: a wider gap between words separates cells or columns, unless the line is justified."""

JUSTIFIED_GAP = 2.0
"""Of the text's height, the widest gap that justification makes, in narrow columns."""

JUSTIFIED_RUN = 4
"""Gaps next to each other that are equal, within a tenth of the height, before they count as justification."""

SAME_LINE = 0.5
"""Of the text's height: words whose middles differ by less stand on one line (indices and powers included)."""

MIN_COLUMN_LINES = 6
"""Lines on either side of a gutter; fewer are a table, a caption or an address."""

MIN_FILL = 0.5
"""Of a column's width, the median line of running text; cells of a table are shorter."""

MAX_CROSSING = 0.2
"""Of all lines, those that may run across a gutter (titles, wide figures)."""

SYMBOLS = "•▪‣◦●○■□–—*-\uf0b7"
BULLET = re.compile(rf"[{re.escape(SYMBOLS)}]|\(?(?:\d{{1,3}}|[a-zA-Z])[.)]")


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    x0: float
    x1: float
    bottom: float
    top: float
    font: str


@dataclass(frozen=True, slots=True)
class Line:
    """A run of words without a wide gap. `size` is the height of its ordinary letters, in points."""

    text: str
    x0: float
    x1: float
    bottom: float
    top: float
    size: float
    bold: bool

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2


Row = tuple[Line, ...]
"""Lines at one height, left to right: one for running text, several for the cells of a table."""


def columns(words: Sequence[Word]) -> list[list[Row]]:
    """The page's areas of text in reading order, each a list of rows from top to bottom."""
    return [rows(area) for area in _areas(_lines(words))]


def rows(lines: Sequence[Line]) -> list[Row]:
    gathered: list[list[Line]] = []
    for line in sorted(lines, key=lambda each: (-each.middle, each.x0)):
        if gathered and abs(gathered[-1][0].middle - line.middle) < SAME_LINE * line.size:
            gathered[-1].append(line)
        else:
            gathered.append([line])
    return [_with_bullet(sorted(row, key=lambda each: each.x0)) for row in gathered]


def _with_bullet(row: list[Line]) -> Row:
    if len(row) > 1 and BULLET.fullmatch(row[0].text):
        return (_joined(row[0], row[1]), *row[2:])
    return tuple(row)


def _joined(bullet: Line, text: Line) -> Line:
    bottom, top = min(bullet.bottom, text.bottom), max(bullet.top, text.top)
    return Line(f"{bullet.text} {text.text}", bullet.x0, text.x1, bottom, top, text.size, text.bold)


def _lines(words: Sequence[Word]) -> list[Line]:
    gathered: list[list[Word]] = []
    for word in sorted(words, key=lambda each: (-(each.bottom + each.top), each.x0)):
        height = word.top - word.bottom
        first = gathered[-1][0] if gathered else None
        if first and abs(first.bottom + first.top - word.bottom - word.top) / 2 < SAME_LINE * height:
            gathered[-1].append(word)
        else:
            gathered.append([word])
    return [line for row in gathered for line in _split(sorted(row, key=lambda each: each.x0))]


def _split(row: list[Word]) -> Iterator[Line]:
    gaps = [right.x0 - left.x1 for left, right in pairwise(row)]
    run = [row[0]]
    for index, word in enumerate(row[1:]):
        height = min(_height(word), _height(run[-1]))
        if gaps[index] > CELL_GAP * height and not _justified(gaps, index, height):
            yield _line(run)
            run = []
        run.append(word)
    yield _line(run)


def _justified(gaps: list[float], index: int, height: float) -> bool:
    """Whether this gap is one of several equal ones: justification widens all spaces of a line alike."""
    gap = gaps[index]
    if gap > JUSTIFIED_GAP * height:
        return False
    before = takewhile(lambda other: abs(other - gap) < 0.1 * height, reversed(gaps[:index]))
    after = takewhile(lambda other: abs(other - gap) < 0.1 * height, gaps[index:])
    return sum(1 for _ in chain(before, after)) >= JUSTIFIED_RUN


def _height(word: Word) -> float:
    return word.top - word.bottom


def _line(run: list[Word]) -> Line:
    letters = [word for word in run if not BULLET.fullmatch(word.text)] or run
    return Line(
        text=" ".join(word.text for word in run),
        x0=run[0].x0,
        x1=max(word.x1 for word in run),
        bottom=min(word.bottom for word in run),
        top=max(word.top for word in run),
        size=median(_height(word) for word in letters),
        bold=all("bold" in word.font.lower() for word in letters),
    )


def _areas(lines: list[Line]) -> list[list[Line]]:
    """Cut at a gutter: what runs across it divides the page into bands, each read left, then right."""
    gutter = _gutter(lines)
    if gutter is None:
        return [list(lines)] if lines else []
    areas: list[list[Line]] = []
    left: list[Line] = []
    right: list[Line] = []
    across: list[Line] = []

    def flush() -> None:
        areas.extend([*_areas(left), *_areas(right)])
        left.clear()
        right.clear()

    for line in sorted(lines, key=lambda each: (-each.middle, each.x0)):
        crossing = line.x0 < gutter < line.x1
        if crossing and not across:
            flush()
        elif not crossing and across:
            areas.append(list(across))
            across.clear()
        (across if crossing else left if line.x1 <= gutter else right).append(line)
    flush()
    if across:
        areas.append(across)
    return areas


def _gutter(lines: list[Line]) -> float | None:
    """The x at which fewest lines cross between two columns of running text, if there are two."""
    best: tuple[int, float] | None = None
    for x in sorted({line.x0 for line in lines}):
        left = [line for line in lines if line.x1 < x]
        right = [line for line in lines if line.x0 >= x]
        if len(left) < MIN_COLUMN_LINES or len(right) < MIN_COLUMN_LINES:
            continue
        crossing = len(lines) - len(left) - len(right)
        if crossing > MAX_CROSSING * len(lines):
            continue
        if not _running(left, x - min(line.x0 for line in left)):
            continue
        if not _running(right, max(line.x1 for line in right) - x):
            continue
        if best is None or crossing < best[0]:
            best = (crossing, x - 0.01)
    return best[1] if best else None


def _running(lines: list[Line], width: float) -> bool:
    """Whether these lines fill a column of that width as running text does."""
    return median(line.x1 - line.x0 for line in lines) >= MIN_FILL * width
