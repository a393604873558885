"""One document: its type by content, the extractor of that type, the artifact."""

import io

from pipeline.adapters.extractors import code, markup, pdf, text
from pipeline.contract import Extracted, Metadata
from pipeline.detect import PDF, PLAIN, detect, language
from pipeline.errors import Malformed


def read(doc_id: str, source_uri: str, metadata: Metadata, raw: bytes) -> Extracted:
    """The same arguments give the same bytes of `model_dump_json()`.

    Raises Malformed with one sentence for people; any other exception is the reader stumbling over the
    document.
    """
    where = metadata.filename
    if not raw:
        raise Malformed(where, "it is empty")
    found = detect(io.BytesIO(raw), where)
    source = language(found.media_type)
    if found.media_type == PDF:
        parts = pdf.extract(raw, where)
    elif found.media_type == PLAIN:
        parts = text.extract(text.decode(raw, where))
    elif source:
        parts = code.extract(text.decode(raw, where), source)
    else:
        parts = markup.extract(raw, found.media_type, where)
    if not parts.blocks:
        raise Malformed(where, "no text found")
    return Extracted(
        doc_id=doc_id,
        source_uri=source_uri,
        metadata=metadata.model_copy(update={"media_type": found.media_type, "note": found.note}),
        title=parts.title or where,
        pages=parts.pages,
        blocks=parts.blocks,
        links=parts.links,
    )
