"""Writes the broken documents of `tests/fixtures/documents`, each with its message beside it as `.expected`.

`.venv/bin/python tests/write_bad_documents.py`; a file's name is its case.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from writers import EPOCH, Heading, Text, docx, pdf

FOLDER = Path(__file__).parent / "fixtures" / "documents"

READABLE = "PDF, DOCX, PPTX, HTML, Markdown, plain text and source code can be read"
PDF_DAMAGED = "the PDF is truncated or damaged; get a whole copy, or print it to a new PDF"
ZIP_DAMAGED = "it is a damaged or cut-off ZIP container, as DOCX and PPTX are"

BODY = [Heading("Chapter"), *[Text("Some words that fill a page of a document. " * 20) for _ in range(20)]]


def cases() -> Iterator[tuple[str, bytes, str]]:
    """File name, content, and the sentence that its reader gives."""
    whole = pdf("Whole", BODY)
    office = docx("Whole", BODY)
    yield "truncated.pdf", whole[: len(whole) // 2], PDF_DAMAGED
    yield "nothing-but-a-header.pdf", b"%PDF-1.7\n", PDF_DAMAGED
    yield "encrypted.pdf", _encrypted(), "the PDF is protected by a password; save a copy without one"
    yield (
        "scanned.pdf",
        _scanned(),
        "no text found; it looks scanned: make it searchable, for example with ocrmypdf",
    )
    yield "blank-page.pdf", _drawn(lambda canvas: None), "no text found"
    yield "truncated.docx", office[: len(office) // 2], ZIP_DAMAGED
    yield "no-content.docx", _without(office, "word/document.xml"), "the DOCX is damaged; get a whole copy"
    yield (
        "zip-bomb.docx",
        _bomb(office),
        ("a part of it inflates 1028-fold, as in a ZIP bomb; documents reach 250-fold at most"),
    )
    yield "password.docx", _ole("EncryptedPackage"), "it is protected by a password; save a copy without one"
    yield (
        "old-word.doc",
        _ole("WordDocument"),
        ("it is an Office file of before 2007 (.doc, .xls, .ppt); save it as DOCX or PPTX"),
    )
    yield "archive.zip", _zip({"notes.txt": b"words"}), f"it is a ZIP archive, not a document; {READABLE}"
    yield (
        "workbook.xlsx",
        _zip({"[Content_Types].xml": b"spreadsheetml.sheet.main+xml"}),
        (f"it is an Office file of another kind (a workbook, a template); {READABLE}"),
    )
    yield "picture.png", _picture(), f"its content is image/png; {READABLE}"
    yield "picture-named.txt", _picture(), f"its content is image/png; {READABLE}"
    yield "random.bin", bytes(range(256)) * 4, f"its content is binary data of an unknown kind; {READABLE}"
    yield "only-blanks.txt", b" \n\n\t\n", "no text found"
    yield (
        "text-then-binary.txt",
        b"words\n" * 12_000 + b"\0\0",
        ("it holds binary data after a beginning of text; leave it out"),
    )
    yield "no-words.html", b"<!DOCTYPE html><html><head></head><body></body></html>", "no text found"


def _drawn(draw: object, **options: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, **options)
    draw(canvas)  # type: ignore[operator]
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _encrypted() -> bytes:
    lock = StandardEncryption("user", ownerPassword="owner", strength=128)
    return _drawn(lambda canvas: canvas.drawString(72, 720, "Secret words"), encrypt=lock)


def _scanned() -> bytes:
    from reportlab.lib.utils import ImageReader

    picture = ImageReader(Image.new("L", (60, 80), 200))
    return _drawn(lambda canvas: canvas.drawImage(picture, 0, 0, 500, 800))


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    return out.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), body, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _parts(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _without(raw: bytes, name: str) -> bytes:
    return _zip({part: body for part, body in _parts(raw).items() if part != name})


def _bomb(raw: bytes) -> bytes:
    return _zip(_parts(raw) | {"word/document.xml": b" " * (80 * 1024**2)})


def _ole(stream: str) -> bytes:
    """The magic of a compound file and the name of a stream: as much as tells its kind."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(64)


def main() -> None:
    for name, raw, expected in cases():
        (FOLDER / name).write_bytes(raw)
        (FOLDER / f"{name}.expected").write_text(expected + "\n")


if __name__ == "__main__":
    main()
