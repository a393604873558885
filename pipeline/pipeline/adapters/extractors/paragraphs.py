"""Lines of a PDF → blocks: paragraphs are joined, rows of cells become tables."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from pipeline.adapters.extractors.lines import BULLET, Line, Row
from pipeline.adapters.extractors.typography import MAX_HEADING, Page, Typography
from pipeline.contract import Block

PARAGRAPH_GAP = 1.3
"""Times the page's usual distance between lines."""

SINGLE = 1.2
"""Times the letters' size, the least distance between lines; twice that is a page of single lines."""

INDENT = 0.8
"""Of the text's height, by which the first line of a paragraph is moved in."""

SHORT = 0.8
"""Of the column's width: a line that ends before, after a full stop, ends its paragraph."""

_SENTENCE_END = re.compile(r"[.!?:;][\"'”’)]*$")
_BULLETED = re.compile(rf"(?:{BULLET.pattern})\s+\S")
_HYPHENATED = re.compile(r"[^\W\d_]-$")


def blocks(pages: Sequence[Page]) -> list[Block]:
    """All blocks in reading order. A paragraph ends with its page, so that every block has one page."""
    type_ = Typography(pages)
    return [
        block
        for page in pages
        for column in page.columns
        for block in _Column([row for row in column if not type_.is_running(row, page)], page, type_).blocks()
    ]


class _Column:
    """One area of a page, cut into paragraphs."""

    def __init__(self, rows: list[Row], page: Page, type_: Typography) -> None:
        self._rows = rows
        self._page = page.number
        self._type = type_
        self._leading = _leading(page, type_)
        self._left = min((row[0].x0 for row in rows), default=0.0)
        self._width = max((row[-1].x1 for row in rows), default=0.0) - self._left

    def blocks(self) -> Iterator[Block]:
        group: list[Row] = []
        for row in self._rows:
            if group and self._breaks(group, row):
                yield self._block(group)
                group = []
            group.append(row)
        if group:
            yield self._block(group)

    def _breaks(self, group: list[Row], row: Row) -> bool:
        """Whether `row` begins another block than the rows of `group`."""
        above, below = group[-1][0], row[0]
        if (len(group[-1]) > 1) != (len(row) > 1):
            return True
        gap = above.bottom - below.bottom
        if len(row) > 1:
            return gap > 2 * PARAGRAPH_GAP * self._leading
        heading = self._type.is_heading(below)
        if heading != self._type.is_heading(above) or self._type.size(above) != self._type.size(below):
            return True
        leading = SINGLE * below.size if heading else self._leading
        if gap > PARAGRAPH_GAP * leading or _BULLETED.match(below.text):
            return True
        return not heading and self._begins(group[0][0], above, below)

    def _begins(self, first: Line, above: Line, below: Line) -> bool:
        """Whether a line of running text begins a paragraph, without a gap above it to say so."""
        if _BULLETED.match(first.text) and below.x0 >= first.x0:
            return False  # the hanging lines of a list item
        indent = INDENT * below.size
        if below.x0 - self._left > indent and abs(above.x0 - self._left) < indent:
            return True
        return bool(_SENTENCE_END.search(above.text)) and above.x1 - self._left < SHORT * self._width

    def _block(self, group: list[Row]) -> Block:
        if len(group) > 1 and len(group[0]) > 1:
            table = "\n".join(" | ".join(cell.text for cell in row) for row in group)
            return Block(kind="table", text=table, page=self._page)
        first = group[0][0]
        text = _join([" ".join(cell.text for cell in row) for row in group])
        if self._type.is_heading(first) and len(text) <= MAX_HEADING:
            return Block(kind="heading", text=text, page=self._page, level=self._type.level(first))
        return Block(kind="text", text=text, page=self._page)


def _join(lines: list[str]) -> str:
    """One paragraph; a hyphen at an end of line before a small letter is the typesetter's."""
    text = lines[0]
    for line in lines[1:]:
        broken = _HYPHENATED.search(text) and line[:1].islower()
        text = text[:-1] + line if broken else f"{text} {line}"
    return text


def _leading(page: Page, type_: Typography) -> float:
    """The usual distance between two lines of a paragraph, in points."""
    gaps = [
        above[0].bottom - below[0].bottom
        for column in page.columns
        for above, below in pairwise(column)
        if len(above) == len(below) == 1 and type_.size(above[0]) == type_.size(below[0])
    ]
    single = SINGLE * type_.body
    return min(max(median(gaps), single), 2 * single) if gaps else single
