"""Docling's document tree → blocks and links."""

import re
from collections.abc import Iterator
from typing import Any

from pipeline.adapters.extractors.parts import Parts, unique
from pipeline.contract import Block, Link

_NO_SPACE_BEFORE = tuple(".,;:!?)]}%…’”")
_NO_SPACE_AFTER = tuple("([{“‘")
_SPACES = re.compile(r"[ \t\xa0]+")


def parts(document: Any) -> Parts:
    """`document` is a DoclingDocument. Slides of a presentation are its pages."""
    reader = _Reader(document)
    blocks = tuple(reader.read(document.body, None))
    title = reader.furniture_title or next((b.text for b in blocks if b.kind == "heading"), "")
    return Parts(title, len(document.pages) or None, blocks, unique(reader.links))


class _Reader:
    def __init__(self, document: Any) -> None:
        from docling_core.types.doc.common.content_layer import ContentLayer
        from docling_core.types.doc.labels import DocItemLabel, GroupLabel

        self._document = document
        self._hidden = {ContentLayer.FURNITURE, ContentLayer.BACKGROUND, ContentLayer.INVISIBLE}
        self._item = DocItemLabel
        self._group = GroupLabel
        self._said: set[str] = set()
        self.links: list[Link] = []
        self.furniture_title = ""

    def read(self, node: Any, page: int | None) -> Iterator[Block]:
        """The blocks below `node`. On a slide the title comes first, wherever its shape was drawn."""
        children = [child.resolve(self._document) for child in node.children]
        if node.label == self._group.CHAPTER:
            children.sort(key=lambda child: child.label != self._item.TITLE)
        for child in children:
            yield from self._child(child, page)

    def _child(self, child: Any, page: int | None) -> Iterator[Block]:
        page = child.prov[0].page_no if getattr(child, "prov", None) else page
        if child.self_ref in self._said:
            return
        if child.content_layer in self._hidden:
            if child.label == self._item.TITLE:
                self.furniture_title = _clean(child.text)
            return
        if child.label == self._group.INLINE:
            yield from _text("text", self._inline(child), page)
        elif child.label == self._item.LIST_ITEM:
            yield from self._list_item(child, page)
        elif child.label == self._item.TABLE:
            yield from _text("table", self._table(child), page)
        elif child.label == self._item.PICTURE:
            yield from self._picture(child, page)
        else:
            yield from self._leaf(child, page)
            yield from self.read(child, page)

    def _leaf(self, item: Any, page: int | None) -> Iterator[Block]:
        text = getattr(item, "text", "")
        self._link(item)
        if item.label == self._item.TITLE:
            yield from _text("heading", text, page, 1)
        elif item.label == self._item.SECTION_HEADER:
            yield from _text("heading", text or self._first_inline(item), page, min(item.level + 1, 6))
        elif item.label == self._item.CODE:
            yield from _text("code", text, page)
        else:
            yield from _text("text", text, page)

    def _list_item(self, item: Any, page: int | None) -> Iterator[Block]:
        self._link(item)
        marker = item.marker if item.enumerated and item.marker else "-"
        children = [child.resolve(self._document) for child in item.children]
        text = item.text
        for inline in [child for child in children if child.label == self._group.INLINE]:
            text = _glue([text, self._inline(inline)])
        yield from _text("text", f"{marker} {text}" if text.strip() else "", page)
        for child in children:
            if child.label != self._group.INLINE:
                yield from self._child(child, page)

    def _first_inline(self, item: Any) -> str:
        for child in item.children:
            resolved = child.resolve(self._document)
            if resolved.label == self._group.INLINE:
                item.children.remove(child)
                return self._inline(resolved)
        return ""

    def _inline(self, group: Any) -> str:
        """A paragraph that Docling holds in pieces, one per format: its text on one line."""
        pieces = []
        for child in group.children:
            item = child.resolve(self._document)
            self._link(item)
            pieces.append(self._inline(item) if item.label == self._group.INLINE else getattr(item, "text", ""))
        return _glue(pieces)

    def _table(self, item: Any) -> str:
        """Rows as lines; a cell that spans several columns is said once."""
        lines = []
        for row in item.data.grid:
            starts = [cell for index, cell in enumerate(row) if index == cell.start_col_offset_idx]
            texts = [_clean(" ".join(cell.text.split())) for cell in starts]
            if any(texts):
                lines.append(" | ".join(texts))
        return "\n".join(lines)

    def _picture(self, item: Any, page: int | None) -> Iterator[Block]:
        """What is said about a picture and what is written in it."""
        yield from _text("text", item.caption_text(self._document), page)
        self._said.update(caption.cref for caption in item.captions)
        for child in item.children:
            yield from self._child(child.resolve(self._document), page)

    def _link(self, item: Any) -> None:
        target = getattr(item, "hyperlink", None)
        if target:
            self.links.append(Link(target=str(target), text=_clean(getattr(item, "text", ""))))


def _text(kind: Any, text: str, page: int | None, level: int | None = None) -> Iterator[Block]:
    text = text.strip("\n") if kind in ("code", "table") else _clean(text)
    if text.strip():
        yield Block(kind=kind, text=text, page=page, level=level)


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _glue(pieces: list[str]) -> str:
    glued = ""
    for piece in (_clean(piece) for piece in pieces):
        if not piece:
            continue
        tight = not glued or piece.startswith(_NO_SPACE_BEFORE) or glued.endswith(_NO_SPACE_AFTER)
        glued += piece if tight else f" {piece}"
    return glued
