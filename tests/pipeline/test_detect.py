"""The type of a document by its content."""

import io

import pytest

from pipeline.detect import DOCX, HTML, MARKDOWN, PDF, PLAIN, PPTX, detect, label
from writers import Heading, docx, pdf, pptx

ITEMS = [Heading("H")]


@pytest.mark.parametrize(
    ("name", "raw", "media_type", "note"),
    [
        ("a.pdf", pdf("T", ITEMS), PDF, None),
        ("a.pdf", b"some mail header\n" + pdf("T", ITEMS), PDF, None),
        ("a.docx", docx("T", ITEMS), DOCX, None),
        ("a.pptx", pptx("T", ITEMS), PPTX, None),
        ("a.docx", pptx("T", ITEMS), PPTX, "the name ends in .docx, the content is PPTX"),
        ("a.md", pdf("T", ITEMS), PDF, "the name ends in .md, the content is PDF"),
        ("a", docx("T", ITEMS), DOCX, None),
        ("a.txt", b"words", PLAIN, None),
        ("a.log", b"\x1b[31mred\x1b[0m words", PLAIN, None),
        ("README", b"words", PLAIN, None),
        ("a.rst", b"words", PLAIN, None),
        ("a.pdf", b"words", PLAIN, "the name ends in .pdf, the content is plain text"),
        ("a.png", b"words", PLAIN, "the name ends in .png, the content is plain text"),
        ("a.md", b"# words", MARKDOWN, None),
        ("NOTES.MD", b"# words", MARKDOWN, None),
        ("a.html", b"<p>words</p>", HTML, None),
        ("a.txt", b"\n<!-- x -->\n<!DOCTYPE HTML><p>words", HTML, "the name ends in .txt, the content is HTML"),
        ("a.html", b"no tag at all", PLAIN, "the name ends in .html, the content is plain text"),
        ("a.py", b"x = 1", "text/x-python", None),
        ("Dockerfile", b"FROM scratch", "text/x-docker", None),
        ("Containerfile", b"FROM scratch", "text/x-docker", None),
        ("compose.yml", b"a: 1", "text/x-yaml", None),
        ("start", b"#!/usr/bin/env bash\nexit\n", "text/x-bash", None),
        ("a.txt", "Grüße".encode("utf-16"), PLAIN, None),
        ("a.txt", "Grüße".encode("cp1252"), PLAIN, None),
    ],
)
def test_content_decides_and_a_wrong_name_is_noted(
    name: str, raw: bytes, media_type: str, note: str | None
) -> None:
    found = detect(io.BytesIO(raw), name)
    assert (found.media_type, found.note) == (media_type, note)


def test_media_types_have_names_for_people() -> None:
    assert [label(each) for each in (DOCX, PLAIN, "text/x-python")] == ["DOCX", "plain text", "python source"]
