"""What the sizes and places of a PDF's lines mean: body, headings and their levels, running titles."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.adapters.extractors.lines import SYMBOLS, Line, Row

SAME_SIZE = 0.05
"""Of a size, within which letters are of one size: boxes differ by the fonts' rounding."""

HEADING_SIZE = 1.12
"""Times the body's size from which on a line is a heading; body text of mixed fonts varies by less than 10 %."""

MAX_HEADING = 160
"""Characters. Longer large text is a quotation or an abstract."""

MARGIN = 0.1
"""Of the page's height at its top and foot, where running titles and page numbers stand."""

MIN_REPEATS = 3
"""Pages that say the same there, before it is a running title."""

_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page\s+|seite\s+|[-–—]\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:of|/|von)\s*\d{1,4})?(?:\s*[-–—])?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Page:
    """`columns` are areas of text in reading order; `height` is in points."""

    number: int
    height: float
    columns: Sequence[Sequence[Row]]


class Typography:
    """Of a whole document, since only all pages together tell what is ordinary."""

    def __init__(self, pages: Sequence[Page]) -> None:
        letters: Counter[float] = Counter()
        for line in _every_line(pages):
            letters[line.size] += len(line.text)
        self._sizes: dict[float, float] = {}
        for size in sorted(letters, key=lambda each: (-letters[each], each)):
            self._sizes[size] = next((s for s in self._sizes.values() if abs(s - size) < SAME_SIZE * s), size)
        set_in: Counter[float] = Counter()
        for size, count in letters.items():
            set_in[self._sizes[size]] += count
        self.body = min(set_in, key=lambda size: (-set_in[size], size), default=1.0)
        headings = sorted({self.size(line) for line in _every_line(pages) if self.is_heading(line)}, reverse=True)
        self._levels = {size: min(index + 1, 6) for index, size in enumerate(headings)}
        self._running = self._running_titles(pages)

    def size(self, line: Line) -> float:
        """In points; equal for lines whose letters look equally large."""
        return self._sizes[line.size]

    def is_heading(self, line: Line) -> bool:
        if len(line.text) > MAX_HEADING or not _LETTER.search(line.text) or line.text[0] in SYMBOLS:
            return False
        if self.size(line) >= HEADING_SIZE * self.body:
            return True
        return line.bold and self.size(line) >= self.body and not line.text.endswith((".", ",", ";"))

    def level(self, line: Line) -> int:
        """1 to 6, of a heading."""
        return self._levels[self.size(line)]

    def is_running(self, row: Row, page: Page) -> bool:
        """Whether it is a running title or a page number, which belong to no paragraph."""
        if not _in_margin(row, page):
            return False
        return self._signature(row) in self._running or all(_PAGE_NUMBER.fullmatch(cell.text) for cell in row)

    def _running_titles(self, pages: Sequence[Page]) -> set[tuple[str, float]]:
        seen: Counter[tuple[str, float]] = Counter()
        for page in pages:
            rows = (row for column in page.columns for row in column)
            seen.update({self._signature(row) for row in rows if _in_margin(row, page)})
        return {signature for signature, times in seen.items() if times >= max(MIN_REPEATS, len(pages) / 3)}

    def _signature(self, row: Row) -> tuple[str, float]:
        """Its text without the numbers, and its size: a title in large letters is no running one."""
        return _DIGITS.sub("#", " ".join(cell.text for cell in row)), self.size(row[0])


def _in_margin(row: Row, page: Page) -> bool:
    return row[0].bottom > (1 - MARGIN) * page.height or row[0].top < MARGIN * page.height


def _every_line(pages: Sequence[Page]) -> Iterator[Line]:
    return (line for page in pages for column in page.columns for row in column for line in row)
