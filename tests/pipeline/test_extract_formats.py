"""What each format becomes: blocks, headings with levels, pages, tables, links."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pptx import Presentation

from pipeline.adapters.extractors.read import read
from pipeline.contract import Block, Extracted, Link, Metadata
from pipeline.errors import Malformed
from writers import Bullets, Heading, Item, Table, Text, docx, markdown, pdf, plain, pptx, web

DOCUMENTS = Path(__file__).parent.parent / "fixtures" / "documents"
SAMPLES = Path(__file__).parent.parent.parent / "samples"
BROKEN = sorted(path for path in DOCUMENTS.iterdir() if path.suffix != ".expected")

ITEMS: list[Item] = [
    Heading("Power"),
    Text("The battery carries the file server for 42 minutes."),
    Heading("Order", 2),
    Bullets(("first the desktop", "then the Jetson")),
    Table((("machine", "watts"), ("desktop", "54"))),
]


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """A server's address, and the paths that anybody asked it for."""
    seen: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def extract(name: str, raw: bytes) -> Extracted:
    metadata = Metadata(filename=name, media_type="application/octet-stream", size=max(1, len(raw)))
    return read("d" * 64, f"file:///{name}", metadata, raw)


def shape(extracted: Extracted) -> list[tuple[str, int | None, int | None, str]]:
    return [(block.kind, block.level, block.page, block.text) for block in extracted.blocks]


@pytest.mark.parametrize(("name", "writer"), [("a.docx", docx), ("a.md", markdown), ("a.html", web)])
def test_flowing_formats_keep_headings_lists_and_tables(
    name: str, writer: Callable[[str, Sequence[Item]], bytes]
) -> None:
    found = extract(name, writer("Plan", ITEMS))
    assert found.title == "Plan"
    assert found.pages is None
    assert shape(found) == [
        ("heading", 1, None, "Plan"),
        ("heading", 2, None, "Power"),
        ("text", None, None, "The battery carries the file server for 42 minutes."),
        ("heading", 3, None, "Order"),
        ("text", None, None, "- first the desktop"),
        ("text", None, None, "- then the Jetson"),
        ("table", None, None, "machine | watts\ndesktop | 54"),
    ]


def test_slides_are_pages_and_their_notes_come_last() -> None:
    table = Table((("machine", "watts"), ("desktop", "54")))
    items = [Heading("Power"), Bullets(("42 minutes",)), table, Text("Say this slowly.")]
    found = extract("talk.pptx", pptx("Talk", items))
    assert (found.title, found.pages) == ("Talk", 2)
    assert shape(found) == [
        ("heading", 1, 1, "Talk"),
        ("heading", 1, 2, "Power"),
        ("text", None, 2, "- 42 minutes"),
        ("table", None, 2, "machine | watts\ndesktop | 54"),
        ("text", None, 2, "Say this slowly."),
    ]


def test_the_title_of_a_slide_comes_first_wherever_its_shape_stands() -> None:
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Power"
    slide.shapes.title.top = show.slide_height - slide.shapes.title.height
    slide.shapes.add_textbox(0, 0, show.slide_width, 400_000).text_frame.text = "42 minutes"
    out = io.BytesIO()
    show.save(out)
    assert shape(extract("talk.pptx", out.getvalue())) == [
        ("heading", 1, 1, "Power"),
        ("text", None, 1, "42 minutes"),
    ]


def test_a_pdf_has_pages_headings_by_size_and_tables_by_their_gaps() -> None:
    found = extract("plan.pdf", pdf("Plan", ITEMS))
    assert (found.title, found.pages) == ("Plan", 1)
    assert shape(found) == [
        ("text", None, 1, "Plan"),  # the running title, which one page cannot tell from a letterhead
        ("heading", 1, 1, "Plan"),
        ("heading", 1, 1, "Power"),
        ("text", None, 1, "The battery carries the file server for 42 minutes."),
        ("heading", 2, 1, "Order"),
        ("text", None, 1, "• first the desktop"),
        ("text", None, 1, "• then the Jetson"),
        ("table", None, 1, "machine | watts\ndesktop | 54"),
    ]


def test_plain_text_is_cut_at_blank_lines_and_underlined_lines_are_headings() -> None:
    found = extract("plan.txt", plain("Plan", [Heading("Power"), Text("Two\nlines."), Text("More.")]))
    assert shape(found) == [
        ("heading", 1, None, "Plan"),
        ("heading", 2, None, "Power"),
        ("text", None, None, "Two\nlines."),
        ("text", None, None, "More."),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_decoded_from_any_usual_encoding(encoding: str) -> None:
    assert extract("note.txt", "Grüße aus Köln – 5 °C".encode(encoding)).blocks[0].text == "Grüße aus Köln – 5 °C"


def test_pieces_of_a_paragraph_are_joined_and_their_links_kept() -> None:
    raw = b"# T\n\nSee **the** [log](log.txt), or `nut` (see [NUT](https://example.org/nut)).\n"
    found = extract("a.md", raw)
    assert found.blocks[1] == Block(kind="text", text="See the log, or nut (see NUT).")
    assert found.links == (Link(target="log.txt", text="log"), Link(target="https://example.org/nut", text="NUT"))


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    found = extract("a.md", b"---\ntitle: Power plan\ntags: [ups]\n---\n\nWords.\n")
    assert found.title == "Power plan"
    assert shape(found) == [("text", None, None, "Words.")]


def test_a_document_without_a_title_is_called_by_its_file_name() -> None:
    assert extract("note.txt", b"words").title == "note.txt"


def test_the_type_is_read_from_the_content_and_a_wrong_name_is_noted() -> None:
    found = extract("plan.txt", pdf("Plan", ITEMS))
    assert found.metadata.media_type == "application/pdf"
    assert found.metadata.note == "the name ends in .txt, the content is PDF"
    assert found.title == "Plan"


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_broken_document_is_refused_in_one_sentence(path: Path) -> None:
    expected = path.with_name(f"{path.name}.expected").read_text().strip()
    with pytest.raises(Malformed) as caught:
        extract(path.name, path.read_bytes())
    assert caught.value.where == path.name
    assert caught.value.reason == expected


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_the_same_bytes_give_the_same_artifact(path: Path) -> None:
    first = extract(path.name, path.read_bytes()).model_dump_json()
    assert extract(path.name, path.read_bytes()).model_dump_json() == first


def test_nothing_that_a_page_or_a_note_asks_for_is_fetched(visits: tuple[str, list[str]]) -> None:
    url, seen = visits
    for name, raw in (
        (
            "a.html",
            f'<html><body><img src="{url}/a.png"><link href="{url}/a.css"><iframe src="{url}/a"></iframe>hi',
        ),
        ("a.md", f"![picture]({url}/b.png)\n\nhi <img src='{url}/c.png'>\n"),
    ):
        assert "hi" in extract(name, raw.encode()).model_dump_json()
    assert seen == []
