"""DOCX, PPTX, HTML and Markdown through Docling's backends, none of which needs a model.

Nothing is fetched: neither remote nor local pictures and links, whatever a document asks for.
"""

import re
from io import BytesIO
from typing import Any

import yaml

from pipeline.adapters.extractors import archive
from pipeline.adapters.extractors.parts import Parts
from pipeline.adapters.extractors.text import decode
from pipeline.adapters.extractors.tree import parts
from pipeline.detect import DOCX, HTML, MARKDOWN, PPTX, label
from pipeline.errors import Malformed

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def extract(raw: bytes, media_type: str, where: str) -> Parts:
    """Raises Malformed for a document that Docling cannot read or that would fill the memory."""
    title = ""
    if media_type in (DOCX, PPTX):
        archive.check(raw, where)
    else:
        text = decode(raw, where)
        if media_type == MARKDOWN:
            title, text = _front_matter(text)
        raw = text.encode()
    found = parts(_convert(raw, media_type, where))
    return Parts(title or found.title, found.pages, found.blocks, found.links)


def _convert(raw: bytes, media_type: str, where: str) -> Any:
    from docling.datamodel.document import InputDocument

    backend, form, options, suffix = _backend(media_type)
    name = f"document{suffix}"
    given = InputDocument(BytesIO(raw), format=form, backend=backend, backend_options=options, filename=name)
    if not given.valid:
        raise Malformed(where, f"the {label(media_type)} is damaged; get a whole copy")
    reader: Any = given._backend
    try:
        return reader.convert()
    finally:
        reader.unload()


def _backend(media_type: str) -> tuple[Any, Any, Any, str]:
    from docling.datamodel import backend_options
    from docling.datamodel.base_models import InputFormat

    if media_type == DOCX:
        from docling.backend.msword_backend import MsWordDocumentBackend

        return MsWordDocumentBackend, InputFormat.DOCX, backend_options.MsWordBackendOptions(), ".docx"
    if media_type == PPTX:
        from docling.backend.mspowerpoint_backend import MsPowerpointDocumentBackend

        options = backend_options.MsPowerpointBackendOptions()
        return MsPowerpointDocumentBackend, InputFormat.PPTX, options, ".pptx"
    if media_type == HTML:
        from docling.backend.html_backend import HTMLDocumentBackend

        # What stands before the first heading may be an introduction as well as a menu.
        return (
            HTMLDocumentBackend,
            InputFormat.HTML,
            backend_options.HTMLBackendOptions(infer_furniture=False),
            ".html",
        )
    from docling.backend.md_backend import MarkdownDocumentBackend

    return MarkdownDocumentBackend, InputFormat.MD, backend_options.MarkdownBackendOptions(), ".md"


def _front_matter(text: str) -> tuple[str, str]:
    """The title of a YAML head, if there is one, and the text without that head."""
    match = _FRONT_MATTER.match(text)
    if match is None:
        return "", text
    try:
        head = yaml.safe_load(match[1])
    except yaml.YAMLError:
        return "", text
    if not isinstance(head, dict):
        return "", text
    return str(head.get("title") or ""), text[match.end() :]
