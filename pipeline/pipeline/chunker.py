"""A document's blocks → chunks that the embedding model takes whole. Pure: the same blocks give the same chunks.

Chunks never cross a heading. Within a section, paragraphs are cut at sentence borders with overlap; a table or
listing that fits stays whole.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from semantic_text_splitter import TextSplitter
from tokenizers import Tokenizer

from pipeline.contract import Block, Chunk, chunk_id
from pipeline.errors import Misconfigured

GAP = "\n\n"
"""Between two blocks: the splitter takes it for a border of paragraphs."""

HEADING_TOKENS = 24
"""Of a chunk, at most, for its heading (about 100 characters); what is longer is a paragraph set in bold."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that belongs together. `pages` are (character offset, page) where a page begins."""

    text: str
    pages: tuple[tuple[int, int | None], ...]

    def page(self, offset: int) -> int | None:
        return self.pages[max(bisect_right(self.pages, offset, key=lambda entry: entry[0]) - 1, 0)][1]

    @classmethod
    def of(cls, blocks: Iterable[Block]) -> "_Piece":
        pages = []
        offset = 0
        texts = []
        for block in blocks:
            texts.append(block.text)
            pages.append((offset, block.page))
            offset += len(block.text) + len(GAP)
        return cls(GAP.join(texts), tuple(pages))

    def __add__(self, other: "_Piece") -> "_Piece":
        shift = len(self.text) + len(GAP)
        pages = (*self.pages, *((at + shift, page) for at, page in other.pages))
        return _Piece(self.text + GAP + other.text, pages)


class Chunker:
    """`tokens` is the most that the model reads of a chunk, its heading and the special tokens included.

    Raises Misconfigured when `overlap` (tokens too) leaves no room.
    """

    def __init__(self, tokenizer: Tokenizer, tokens: int, overlap: int) -> None:
        room = tokens - tokenizer.num_special_tokens_to_add(False)
        self._heading = min(HEADING_TOKENS, tokens // 8)
        below_heading = room - self._heading - 1  # 1: the line break between them
        if overlap >= below_heading:
            raise Misconfigured("LAB_CHUNK_OVERLAP", f"{overlap} tokens leave no room in chunks of {tokens}")
        self._tokenizer = tokenizer
        self._alone = _Cutter(tokenizer, room, overlap)
        self._below_heading = _Cutter(tokenizer, below_heading, overlap)

    def cut(self, doc_id: str, blocks: Sequence[Block]) -> tuple[Chunk, ...]:
        """Empty when the blocks hold no letter and no digit."""
        chunks: list[Chunk] = []
        for title, section in _sections(blocks):
            heading = self._shortened(title)
            for text, page in (self._below_heading if heading else self._alone).cut(section):
                if any(map(str.isalnum, text)):
                    chunk = Chunk(chunk_id="", index=len(chunks), text=text, page=page, heading=heading)
                    identity = chunk_id(doc_id, chunk.index, chunk.embedded)
                    chunks.append(chunk.model_copy(update={"chunk_id": identity}))
        return tuple(chunks)

    def _shortened(self, heading: str) -> str | None:
        encoding = self._tokenizer.encode(heading, add_special_tokens=False)
        if len(encoding) > self._heading:
            heading = heading[: encoding.offsets[self._heading - 1][1]]
        return heading or None


class _Cutter:
    def __init__(self, tokenizer: Tokenizer, capacity: int, overlap: int) -> None:
        self._tokenizer = tokenizer
        self._capacity = capacity
        self._splitter = TextSplitter.from_huggingface_tokenizer(tokenizer, capacity, overlap=overlap)

    def cut(self, section: Iterable[Block]) -> Iterator[tuple[str, int | None]]:
        """Texts with the page on which each begins; neighbours share a chunk where both fit whole."""
        packed: _Piece | None = None
        for piece in _pieces(section):
            if packed is None:
                packed = piece
            elif self._fits(joined := packed + piece):
                packed = joined
            else:
                yield from self._split(packed)
                packed = piece
        if packed is not None:
            yield from self._split(packed)

    def _fits(self, piece: _Piece) -> bool:
        # a token has a character at least
        if len(piece.text) <= self._capacity:
            return True
        return len(self._tokenizer.encode(piece.text, add_special_tokens=False)) <= self._capacity

    def _split(self, piece: _Piece) -> Iterator[tuple[str, int | None]]:
        for offset, text in self._splitter.chunk_indices(piece.text):
            yield text, piece.page(offset)


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Each heading with what stands below it; headings in a row become one, "Title › First part".

    A heading below which the document ends is its own text.
    """
    headings: list[Block] = []
    section: list[Block] = []
    title = ""
    for block in blocks:
        text = block.text.replace("\0", "").strip("\n")
        if not text.strip():
            continue
        block = block.model_copy(update={"text": text})
        if block.kind == "heading":
            headings.append(block)
            continue
        if headings:
            if section:
                yield title, section
            title = " › ".join(" ".join(each.text.split()) for each in headings)
            headings, section = [], []
        section.append(block)
    if section:
        yield title, section
    if headings:
        yield "", headings


def _pieces(section: Iterable[Block]) -> Iterator[_Piece]:
    """Paragraphs in a row are one piece; each table or listing is one."""
    for whole, blocks in groupby(section, key=lambda block: block.kind in ("table", "code")):
        if whole:
            yield from (_Piece.of([block]) for block in blocks)
        else:
            yield _Piece.of(blocks)
