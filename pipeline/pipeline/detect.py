"""What a document is, decided by its content; a file name only chooses between kinds of text.

Text of any programming language or configuration format is `text/x-<pygments alias>`: one library knows
the names, the extensions and, for the extractor, where functions begin.
"""

import lzma
import mimetypes
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

import filetype
from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name
from pygments.util import ClassNotFound

from pipeline.errors import Malformed

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
CODE_PREFIX = "text/x-"

HEAD = 64 * 1024
"""Bytes that decide between text and binary; a PDF header may come after 1 KiB of other bytes (ISO 32000, H.3)."""

CONTENT_TYPES_LIMIT = 1024**2
"""Bytes. Real ones have a few KiB; a hostile one must not be inflated whole just to be looked at."""

SUPPORTED = "PDF, DOCX, PPTX, HTML, Markdown, plain text and source code can be read"

_LABELS = {PDF: "PDF", DOCX: "DOCX", PPTX: "PPTX", HTML: "HTML", MARKDOWN: "Markdown", PLAIN: "plain text"}
_PROSE = {"text": PLAIN, "restructuredtext": PLAIN, "email": PLAIN, "html": HTML, "markdown": MARKDOWN}
_SPECIAL_NAMES = {"containerfile": "docker", "justfile": "make", ".justfile": "make"}
_MAIN_PARTS = {
    b"wordprocessingml.document.main+xml": DOCX,
    b"presentationml.presentation.main+xml": PPTX,
    b"presentationml.slideshow.main+xml": PPTX,
}
_UNZIPPING = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
"""What the standard library raises over a damaged archive, by the damage."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_NOT_TEXT = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}) + b"\x7f"  # the rule of file(1)
_HTML_START = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL
)
_SHEBANG = re.compile(rb"#!\s*\S*/(?:env\s+(?:-S\s+)?)?([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class Detected:
    media_type: str
    note: str | None = None


def detect(file: BinaryIO, name: str) -> Detected:
    """The type of the document that `file` (seekable, not empty) holds. Leaves the position anywhere.

    Raises Malformed with a sentence for people when nothing here can read it.
    """
    file.seek(0)
    head = file.read(HEAD)
    if b"%PDF-" in head[:1024]:
        found = PDF
    elif head.startswith(b"PK\x03\x04"):
        found = _office(file, name)
    elif head.startswith(_BOMS) or head.translate(None, _NOT_TEXT) == head:
        found = _text(head, name)
    else:
        raise Malformed(name, _refusal(head, file))
    return Detected(found, _mismatch(found, name))


def language(media_type: str) -> str | None:
    """The pygments alias of a source code type; None for prose."""
    return media_type.removeprefix(CODE_PREFIX) if media_type.startswith(CODE_PREFIX) else None


def _office(file: BinaryIO, name: str) -> str:
    try:
        with zipfile.ZipFile(file) as archive, archive.open("[Content_Types].xml") as member:
            types = member.read(CONTENT_TYPES_LIMIT)
    except KeyError:
        raise Malformed(name, f"it is a ZIP archive, not a document; {SUPPORTED}") from None
    except _UNZIPPING:
        raise Malformed(name, "it is a damaged or cut-off ZIP container, as DOCX and PPTX are") from None
    for part, media_type in _MAIN_PARTS.items():
        if part in types:
            return media_type
    raise Malformed(name, f"it is an Office file of another kind (a workbook, a template); {SUPPORTED}")


def _text(head: bytes, name: str) -> str:
    if _HTML_START.match(head):
        return HTML
    by_name = _by_name(name, head)
    if by_name == HTML and b"<" not in head:
        return PLAIN
    if by_name:
        return by_name
    shebang = _SHEBANG.match(head)
    if shebang:
        try:
            return CODE_PREFIX + str(get_lexer_by_name(shebang[1].decode()).aliases[0])
        except ClassNotFound:
            return PLAIN
    return PLAIN


def _by_name(name: str, head: bytes) -> str | None:
    """The kind of text that the file name promises, if it promises one."""
    base = PurePath(name).name
    alias = _SPECIAL_NAMES.get(base.lower())
    if alias is None:
        # Some extensions belong to several languages (`.pl`, `.m`): the library then looks at the text.
        text = head.decode("utf-8", "replace")
        lexer = find_lexer_class_for_filename(base, text) or find_lexer_class_for_filename(base.lower(), text)
        if lexer is None:
            return None
        alias = lexer.aliases[0]
    return _PROSE.get(alias, CODE_PREFIX + alias)


def _refusal(head: bytes, file: BinaryIO) -> str:
    if head.startswith(_OLE):
        file.seek(0)
        if any(_ENCRYPTED_STREAM in block for block in iter(lambda: file.read(1024**2), b"")):
            return "it is protected by a password; save a copy without one"
        return "it is an Office file of before 2007 (.doc, .xls, .ppt); save it as DOCX or PPTX"
    guess = filetype.guess(head)
    kind = guess.mime if guess else "binary data of an unknown kind"
    return f"its content is {kind}; {SUPPORTED}"


def _mismatch(found: str, name: str) -> str | None:
    suffix = PurePath(name).suffix.lower()
    promised = {".pdf": PDF, ".docx": DOCX, ".docm": DOCX, ".pptx": PPTX, ".ppsx": PPTX, ".pptm": PPTX}.get(suffix)
    promised = promised or _by_name(name, b"")
    if promised is None:
        guessed = mimetypes.guess_type(f"x{suffix}", strict=True)[0]
        promised = guessed if guessed and not guessed.startswith("text/") else None
    if promised is None or promised == found or {promised, found} <= {PLAIN} | _code(found, promised):
        return None
    return f"the name ends in {suffix}, the content is {label(found)}"


def _code(*media_types: str) -> set[str]:
    return {media_type for media_type in media_types if media_type.startswith(CODE_PREFIX)}


def label(media_type: str) -> str:
    """`DOCX`, `plain text`, `python source`: a media type for people."""
    return _LABELS.get(media_type) or f"{media_type.removeprefix(CODE_PREFIX)} source"
