"""Blocks → chunks."""

from itertools import pairwise

import pytest

from pipeline import tokens
from pipeline.chunker import Chunker
from pipeline.contract import Block, Chunk
from pipeline.errors import Misconfigured

TOKENIZER = tokens.load(None)


def cut(*blocks: Block, size: int = 64, overlap: int = 16) -> tuple[Chunk, ...]:
    return Chunker(TOKENIZER, size, overlap).cut("doc", blocks)


def text(words: str, page: int | None = None) -> Block:
    return Block(kind="text", text=words, page=page)


def heading(words: str, page: int | None = None) -> Block:
    return Block(kind="heading", text=words, page=page)


def test_no_chunk_is_longer_than_the_model_reads_with_its_heading() -> None:
    paragraphs = [text("Der Wärmetauscher überträgt 12,5 kW; näheres siehe §4.1. " * n) for n in range(1, 30)]
    chunks = cut(heading("Ein sehr langer Titel " * 30), *paragraphs)
    lengths = [len(TOKENIZER.encode(chunk.embedded)) for chunk in chunks]
    assert max(lengths) <= 64
    assert len(chunks) > 100
    for chunk in chunks:
        assert chunk.heading is not None
        assert chunk.heading.startswith("Ein sehr langer Titel")


def test_neighbouring_chunks_of_a_long_paragraph_overlap_at_sentences() -> None:
    sentences = [f"This is sentence number {n} of the paragraph." for n in range(40)]
    chunks = cut(text(" ".join(sentences)))
    for before, after in pairwise(chunks):
        first = after.text.split(". ")[0]
        assert first in before.text
        assert after.text.startswith("This is")


def test_a_chunk_keeps_the_page_on_which_it_begins_and_the_nearest_heading() -> None:
    chunks = cut(
        heading("Manual", 1),
        heading("Safety", 1),
        text("Do not open the cover. " * 12, 2),
        text("Do not touch the wires. " * 12, 3),
        heading("Use", 4),
        text("Press the button.", 4),
    )
    assert [(chunk.page, chunk.heading) for chunk in chunks] == [
        (2, "Manual › Safety"),
        (2, "Manual › Safety"),
        (3, "Manual › Safety"),
        (3, "Manual › Safety"),
        (4, "Use"),
    ]


def test_a_table_that_fits_stays_whole() -> None:
    table = "| room | temperature |\n| cellar | 12 |\n| attic | 24 |"
    chunks = cut(text("Measured in winter, every hour, for a week. " * 6), Block(kind="table", text=table))
    assert [chunk.text for chunk in chunks if table in chunk.text] == [table]


def test_code_that_fits_keeps_its_line_breaks() -> None:
    code = "def area(width, height):\n    return width * height"
    [chunk] = cut(heading("area"), Block(kind="code", text=code))
    assert (chunk.text, chunk.heading) == (code, "area")


def test_short_neighbours_of_a_section_share_a_chunk() -> None:
    [chunk] = cut(
        heading("Notes"), text("Buy screws."), Block(kind="table", text="| M4 | 20 |"), text("Call Ann.")
    )
    assert chunk.text == "Buy screws.\n\n| M4 | 20 |\n\nCall Ann."


def test_a_text_without_spaces_is_cut_all_the_same() -> None:
    chunks = cut(text("QUJD" * 500))
    assert "".join(chunk.text for chunk in cut(text("QUJD" * 500), overlap=0)) == "QUJD" * 500
    assert all(len(TOKENIZER.encode(chunk.embedded)) <= 64 for chunk in chunks)


def test_rules_and_ornaments_are_no_chunks() -> None:
    assert cut(text("* * *"), text("———"), text(" \n\0 ")) == ()


def test_a_heading_with_nothing_below_is_its_own_text() -> None:
    [first, second] = cut(heading("One"), text("Body."), heading("The end"))
    assert (first.text, second.text, second.heading) == ("Body.", "The end", None)


def test_the_same_blocks_give_the_same_ids_and_another_heading_others() -> None:
    one, again, other = cut(heading("A"), text("x")), cut(heading("A"), text("x")), cut(heading("B"), text("x"))
    assert one == again
    assert one[0].chunk_id != other[0].chunk_id


def test_an_overlap_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(Misconfigured, match="LAB_CHUNK_OVERLAP: 60 tokens leave no room in chunks of 64"):
        Chunker(TOKENIZER, 64, 60)
