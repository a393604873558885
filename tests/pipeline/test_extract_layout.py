"""Words on a page → lines, columns and paragraphs. Ten points high, five points a letter, as on graph paper."""

from pipeline.adapters.extractors.lines import Word, columns
from pipeline.adapters.extractors.paragraphs import blocks
from pipeline.adapters.extractors.typography import Page

LETTER, SPACE, LEADING = 5.0, 3.0, 12.0


def words(
    text: str, x: float, y: float, *, size: float = 10.0, space: float = SPACE, font: str = "F1"
) -> list[Word]:
    """The words of one line that begins at `x` and stands on `y`."""
    made = []
    for word in text.split():
        width = LETTER * len(word) * size / 10
        made.append(Word(word, x, x + width, y, y + size, font))
        x += width + space
    return made


def lines(texts: list[str], x: float, top: float, *, size: float = 10.0) -> list[Word]:
    return [word for n, text in enumerate(texts) for word in words(text, x, top - n * LEADING, size=size)]


def page(*parts: list[Word], number: int = 1) -> Page:
    return Page(number, 800, columns([word for part in parts for word in part]))


def texts(*pages: Page) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks(pages)]


def test_lines_at_the_usual_distance_are_one_paragraph_and_a_gap_begins_another() -> None:
    first = lines(["the first line goes on", "to a second one"], 50, 700)
    second = lines(["after a gap there is", "another paragraph"], 50, 660)
    assert texts(page(first, second)) == [
        ("text", "the first line goes on to a second one"),
        ("text", "after a gap there is another paragraph"),
    ]


def test_a_word_broken_at_the_end_of_a_line_is_whole_again() -> None:
    assert texts(page(lines(["the file ser-", "ver of Anna-", "Lena"], 50, 700))) == [
        ("text", "the file server of Anna- Lena")
    ]


def test_an_indented_line_begins_a_paragraph() -> None:
    above = lines(["a paragraph of two long", "lines that runs to there"], 50, 700)
    below = [*words("an indented line begins", 65, 676), *words("the next one of the page", 50, 664)]
    assert [text for _, text in texts(page(above, below))] == [
        "a paragraph of two long lines that runs to there",
        "an indented line begins the next one of the page",
    ]


def test_the_hanging_lines_of_an_item_belong_to_it() -> None:
    listed = [
        *words("• an item that is long.", 50, 700),
        *words("and hangs below", 60, 688),
        *words("• another", 50, 676),
    ]
    assert [text for _, text in texts(page(listed))] == ["• an item that is long. and hangs below", "• another"]


def test_two_columns_are_read_one_after_the_other_below_a_title_across_both() -> None:
    left = [f"left column line {n}" for n in range(8)]
    right = [f"right column line {n}" for n in range(8)]
    found = texts(
        page(
            words("a title that runs across both of the columns", 50, 720, size=14),
            lines(left, 50, 690),
            lines(right, 200, 690),
        )
    )
    assert found == [
        ("heading", "a title that runs across both of the columns"),
        ("text", " ".join(left)),
        ("text", " ".join(right)),
    ]


def test_rows_of_short_cells_are_a_table_and_no_columns() -> None:
    rows = [
        word
        for n, (name, value) in enumerate([("NAS", "35"), ("router", "12"), ("switch", "17")] * 4)
        for word in [*words(name, 50, 700 - n * 14), *words(value, 200, 700 - n * 14)]
    ]
    assert texts(page(rows)) == [("table", "\n".join(["NAS | 35", "router | 12", "switch | 17"] * 4))]


def test_the_wide_spaces_of_a_justified_line_make_no_cells() -> None:
    justified = [*words("only six words on this line", 50, 700, space=12), *words("and the last", 50, 688)]
    assert texts(page(justified)) == [("text", "only six words on this line and the last")]


def test_heading_levels_follow_the_sizes_of_the_whole_document() -> None:
    body = ["text of the body in its usual size", "and more of it"] * 3
    first = page(words("Title", 50, 760, size=20), words("Chapter", 50, 720, size=15), lines(body, 50, 690))
    second = page(words("Section", 50, 720, size=12), lines(body, 50, 690), number=2)
    headings = [block for block in blocks([first, second]) if block.kind == "heading"]
    assert [(block.text, block.level, block.page) for block in headings] == [
        ("Title", 1, 1),
        ("Chapter", 2, 1),
        ("Section", 3, 2),
    ]


def test_a_bold_line_of_the_bodys_size_is_a_heading_unless_it_is_a_sentence() -> None:
    body = lines(["text of the body"], 50, 660)
    assert texts(page(words("Retention", 50, 700, font="Arial-BoldMT"), body))[0] == ("heading", "Retention")
    assert texts(page(words("Never do it.", 50, 700, font="Arial-BoldMT"), body))[0] == ("text", "Never do it.")


def test_running_titles_and_page_numbers_are_left_out() -> None:
    pages = [
        page(
            words(f"Handbook edition {n}", 50, 770),
            lines([f"what page {n} says", "in its text"], 50, 600),
            words(f"- {n} -", 200, 30),
            number=n,
        )
        for n in (1, 2, 3)
    ]
    assert [text for _, text in texts(*pages)] == [f"what page {n} says in its text" for n in (1, 2, 3)]


def test_a_paragraph_ends_with_its_page() -> None:
    found = blocks([page(lines(["it goes on"], 50, 400)), page(lines(["on the next"], 50, 400), number=2)])
    assert [(block.page, block.text) for block in found] == [(1, "it goes on"), (2, "on the next")]
