"""DOCX and PPTX are ZIP archives: looked at before anything of them is inflated."""

import io
import zipfile

from pipeline.errors import Malformed

MIB = 1024**2

MAX_XML = 64 * MIB
"""Bytes of XML in all parts. A page of text has about 10 KiB, so this is a book of 6,000 pages."""

MAX_INFLATED = 512 * MIB
"""Bytes of everything. Pictures hardly shrink, so a document of 100 MiB stays far below."""

MAX_RATIO = 250
"""Times that a part above 1 MiB may shrink; XML of the most repetitive tables reaches about 100."""


def check(raw: bytes, where: str) -> None:
    """Raises Malformed for an archive that is damaged, encrypted, or would fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise Malformed(where, "it is a damaged or cut-off ZIP container, as DOCX and PPTX are") from None
    if any(part.flag_bits & 0x1 for part in parts):
        raise Malformed(where, "it is protected by a password; save a copy without one")
    steepest = max(
        (part.file_size // max(part.compress_size, 1) for part in parts if part.file_size > MIB), default=0
    )
    if steepest > MAX_RATIO:
        raise Malformed(
            where,
            f"a part of it inflates {steepest}-fold, as in a ZIP bomb; documents reach {MAX_RATIO}-fold at most",
        )
    inflated = sum(part.file_size for part in parts)
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if inflated > MAX_INFLATED or xml > MAX_XML:
        raise Malformed(
            where,
            f"it inflates to {inflated / MIB:.0f} MiB, {xml / MIB:.0f} MiB of it text; "
            f"documents have at most {MAX_INFLATED // MIB} MiB, {MAX_XML // MIB} MiB of it text; split it",
        )
