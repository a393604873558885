"""Lines of a PDF → blocks: paragraphs joined, headings by the size of their letters, running titles left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from pipeline.adapters.extractors.lines import BULLET, SYMBOLS, Line, Row
from pipeline.contract import Block

HEADING_SIZE = 1.12
"""Times the body's size from which on a line is a heading; body text of mixed fonts varies by less than 10 %."""

MAX_HEADING = 160
"""Characters. Longer large text is a quotation or an abstract."""

PARAGRAPH_GAP = 1.3
"""Times the page's usual distance between lines."""

INDENT = 0.8
"""Of the text's height, by which the first line of a paragraph is moved in."""

SHORT = 0.8
"""Of the column's width: a line that ends before, after a full stop, ends its paragraph."""

MARGIN = 0.1
"""Of the page's height at its top and foot, where running titles and page numbers stand."""

MIN_REPEATS = 3
"""Pages that say the same there, before it is a running title."""

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page\s+|seite\s+|[-–—]\s*)?(?:\d{1,4}|[ivxlc]{1,6})(?:\s*(?:of|/|von)\s*\d{1,4})?(?:\s*[-–—])?",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)]*$")
_LETTER = re.compile(r"[^\W\d_]")
_BULLETED = re.compile(rf"(?:{BULLET.pattern})\s+\S")
_HYPHENATED = re.compile(r"[^\W\d_]-$")


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    height: float
    columns: Sequence[Sequence[Row]]


def blocks(pages: Sequence[Page]) -> list[Block]:
    """All blocks in reading order. A paragraph ends with its page, so that every block has one page."""
    running = _running_titles(pages)
    body = _body_size(pages)
    levels = _levels(pages, body)
    made: list[Block] = []
    for page in pages:
        leading = _leading(page, body)
        for column in page.columns:
            kept = [row for row in column if not _is_running(row, page, running)]
            made.extend(_column(kept, page.number, body, levels, leading))
    return made


def _column(
    column: list[Row], page: int, body: float, levels: dict[float, int], leading: float
) -> Iterator[Block]:
    if not column:
        return
    left = min(row[0].x0 for row in column)
    width = max(row[-1].x1 for row in column) - left
    group: list[Row] = []
    for row in column:
        if group and _breaks(group, row, body, left, width, leading):
            yield _block(group, page, body, levels)
            group = []
        group.append(row)
    yield _block(group, page, body, levels)


def _breaks(group: list[Row], row: Row, body: float, left: float, width: float, leading: float) -> bool:
    above, below = group[-1][0], row[0]
    if (len(group[-1]) > 1) != (len(row) > 1):
        return True
    gap = above.bottom - below.bottom
    if len(row) > 1:
        return gap > 2 * PARAGRAPH_GAP * leading
    if _is_heading(above, body) != _is_heading(below, body) or _size(above) != _size(below):
        return True
    if gap > PARAGRAPH_GAP * max(leading, below.size * 1.2) or _BULLETED.match(below.text):
        return True
    if _is_heading(below, body):
        return False
    ended = _SENTENCE_END.search(above.text) is not None
    starts = group[0][0].x0
    indented = below.x0 - left > INDENT * below.size and abs(above.x0 - left) < INDENT * below.size
    hanging = _BULLETED.match(group[0][0].text) and below.x0 >= starts
    return (ended and above.x1 - left < SHORT * width and not hanging) or (indented and not hanging)


def _block(group: list[Row], page: int, body: float, levels: dict[float, int]) -> Block:
    if len(group[0]) > 1 and len(group) > 1:
        return Block(
            kind="table", text="\n".join(" | ".join(cell.text for cell in row) for row in group), page=page
        )
    lines = [Line(" ".join(c.text for c in row), *_frame(row)) if len(row) > 1 else row[0] for row in group]
    text = _join([line.text for line in lines])
    if _is_heading(lines[0], body) and len(text) <= MAX_HEADING:
        return Block(kind="heading", text=text, page=page, level=levels[_size(lines[0])])
    return Block(kind="text", text=text, page=page)


def _frame(row: Row) -> tuple[float, float, float, float, float, bool]:
    first = row[0]
    return first.x0, row[-1].x1, first.bottom, first.top, first.size, all(cell.bold for cell in row)


def _join(lines: list[str]) -> str:
    """One paragraph; a hyphen between two lower-case letters at an end of line is the typesetter's."""
    text = lines[0]
    for line in lines[1:]:
        broken = _HYPHENATED.search(text) and line[:1].islower()
        text = text[:-1] + line if broken else f"{text} {line}"
    return text


def _size(line: Line) -> float:
    return round(line.size * 2) / 2


def _is_heading(line: Line, body: float) -> bool:
    if len(line.text) > MAX_HEADING or not _LETTER.search(line.text) or line.text[0] in SYMBOLS:
        return False
    if _size(line) >= HEADING_SIZE * body:
        return True
    return line.bold and line.size >= 0.95 * body and not line.text.endswith((".", ",", ";"))


def _body_size(pages: Sequence[Page]) -> float:
    """The size in which most letters are set."""
    letters: Counter[float] = Counter()
    for line in _every_line(pages):
        letters[_size(line)] += len(line.text)
    return min(letters, key=lambda size: (-letters[size], size))


def _levels(pages: Sequence[Page], body: float) -> dict[float, int]:
    sizes = sorted({_size(line) for line in _every_line(pages) if _is_heading(line, body)}, reverse=True)
    return {size: min(index + 1, 6) for index, size in enumerate(sizes)}


def _every_line(pages: Sequence[Page]) -> Iterator[Line]:
    return (line for page in pages for column in page.columns for row in column for line in row)


def _leading(page: Page, body: float) -> float:
    gaps = [
        above[0].bottom - below[0].bottom
        for column in page.columns
        for above, below in pairwise(column)
        if len(above) == len(below) == 1 and _size(above[0]) == _size(below[0])
    ]
    return median(gaps) if gaps else 1.3 * body


def _running_titles(pages: Sequence[Page]) -> set[str]:
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_signature(row) for column in page.columns for row in column if _in_margin(row, page)})
    return {text for text, times in seen.items() if times >= max(MIN_REPEATS, len(pages) / 3)}


def _is_running(row: Row, page: Page, running: set[str]) -> bool:
    if not _in_margin(row, page):
        return False
    return _signature(row) in running or all(_PAGE_NUMBER.fullmatch(cell.text) for cell in row)


def _in_margin(row: Row, page: Page) -> bool:
    return row[0].bottom > (1 - MARGIN) * page.height or row[0].top < MARGIN * page.height


def _signature(row: Row) -> str:
    return _DIGITS.sub("#", " ".join(cell.text for cell in row))
