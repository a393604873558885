"""Text PDFs, through Docling's own parser, page by page: no model, bounded memory, about 0.02 s a page."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pipeline.adapters.extractors.lines import Word, columns
from pipeline.adapters.extractors.paragraphs import blocks
from pipeline.adapters.extractors.parts import Parts, unique
from pipeline.adapters.extractors.typography import Page
from pipeline.contract import Link
from pipeline.errors import Malformed

_TYPOGRAPHY = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xa0": " ", "\xad": "-"}
)
_SCANNED = "no text found; it looks scanned: make it searchable, for example with ocrmypdf"
_LOCKED = "the PDF is protected by a password; save a copy without one"
_DAMAGED = "the PDF is truncated or damaged; get a whole copy, or print it to a new PDF"


def extract(raw: bytes, where: str) -> Parts:
    """Raises Malformed for a PDF that is damaged, locked by a password, or has no text."""
    document = _load(raw, where)
    try:
        pages, links, pictures = _pages(document, where)
    finally:
        document.unload()
    if not any(page.columns for page in pages):
        if pictures:
            raise Malformed(
                where, "no text found; it looks scanned: make it searchable, for example with ocrmypdf"
            )
        raise Malformed(where, "no text found")
    made = blocks(pages)
    title = next((b.text for b in made if b.kind == "heading" and b.page == pages[0].number), "")
    return Parts(title, len(pages), tuple(made), unique(links))


def _load(raw: bytes, where: str) -> Any:
    from docling_parse.pdf_parser import ContentConfig, ContentLevel, DoclingPdfParser

    content = ContentConfig(
        char_cells_content_level=ContentLevel.COMPUTE,
        word_cells_content_level=ContentLevel.COMPUTE_AND_MATERIALIZE,
        line_cells_content_level=ContentLevel.SKIP,
        shapes_content_level=ContentLevel.SKIP,
        bitmaps_content_level=ContentLevel.COMPUTE_AND_MATERIALIZE,
        include_bitmap_bytes=False,
    )
    try:
        return DoclingPdfParser(loglevel="fatal").load(BytesIO(raw), lazy=True, content_config=content)
    except RuntimeError:
        raise Malformed(where, _LOCKED if _locked(raw) else _DAMAGED) from None


def _locked(raw: bytes) -> bool:
    """Whether PDFium, which tells the reasons apart, says that a password is missing."""
    import pypdfium2

    try:
        pypdfium2.PdfDocument(raw).close()
    except pypdfium2.PdfiumError as error:
        return "password" in str(error).lower()
    return False


def _pages(document: Any, where: str) -> tuple[list[Page], list[Link], int]:
    pages: list[Page] = []
    links: list[Link] = []
    pictures = 0
    try:
        for number in range(1, document.number_of_pages() + 1):
            page = document.get_page(number)
            words = list(_words(page))
            height = abs(page.dimension.rect.to_bounding_box().height)
            pages.append(Page(number, height, columns(words)))
            links.extend(_links(page, words))
            pictures += len(page.bitmap_resources)
            document.unload_pages((number, number + 1))
    except RuntimeError:
        raise Malformed(where, _DAMAGED) from None
    return pages, links, pictures


def _words(page: Any) -> Iterator[Word]:
    for cell in page.word_cells:
        text = cell.text.translate(_TYPOGRAPHY).strip()
        box = cell.rect.to_bounding_box()
        if text and box.height > 0:
            yield Word(text, box.l, box.r, min(box.b, box.t), max(box.b, box.t), cell.font_name)


def _links(page: Any, words: list[Word]) -> Iterator[Link]:
    for link in page.hyperlinks:
        if link.uri:
            box = link.rect.to_bounding_box()
            under = [
                word.text
                for word in words
                if box.l - 1 <= (word.x0 + word.x1) / 2 <= box.r + 1
                and box.b - 1 <= (word.bottom + word.top) / 2 <= box.t + 1
            ]
            yield Link(target=str(link.uri), text=" ".join(under))
