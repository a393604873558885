"""Plain text: bytes of any usual encoding → paragraphs."""

import codecs
import re

from pipeline.adapters.extractors.parts import Parts
from pipeline.contract import Block, Link
from pipeline.errors import Malformed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PARAGRAPH_BREAK = re.compile(r"\n[ \t\f]*\n\s*")
_UNDERLINE = re.compile(r"([=\-~^#*])\1{2,}\s*")
_URL = re.compile(r"https?://[^\s<>\"')\]]+[^\s<>\"')\].,;:!?]")


def decode(raw: bytes, where: str) -> str:
    """Text by its byte-order mark, else as UTF-8, else as Windows-1252, with `\\n` ends of line.

    Raises Malformed for bytes that are none of them.
    """
    encoding = next((name for mark, name in _BOMS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1252")
        except UnicodeDecodeError:
            raise Malformed(where, "its text is in an unknown encoding; save it as UTF-8") from None
    if "\0" in text:
        raise Malformed(where, "it holds binary data after a beginning of text; leave it out")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def extract(text: str) -> Parts:
    """Paragraphs are what blank lines separate; a line underlined with `===` or `---` is a heading."""
    blocks: list[Block] = []
    for paragraph in _PARAGRAPH_BREAK.split(text):
        lines = [line.rstrip() for line in paragraph.strip("\n").split("\n")]
        while len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1].strip()) and lines[0].strip():
            level = 1 if lines[1].strip().startswith("=") else 2
            blocks.append(Block(kind="heading", text=lines[0].strip(), level=level))
            lines = lines[2:]
        body = "\n".join(lines).strip()
        if body:
            blocks.append(Block(kind="text", text=body))
    title = next((block.text for block in blocks if block.kind == "heading"), "")
    links = tuple(Link(target=url) for url in dict.fromkeys(_URL.findall(text)))
    return Parts(title, None, tuple(blocks), links)
