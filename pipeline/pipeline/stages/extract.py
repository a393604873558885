"""Extract: the raw document → its text in blocks, kept as the processed artifact."""

import asyncio
from typing import Protocol

from pipeline.contract import Bucket, IngestExtracted, IngestRequested, Structure, content_key
from pipeline.ports import Extractor, ObjectStore


class Ports(Protocol):
    """What this stage needs of its worker."""

    @property
    def objects(self) -> ObjectStore: ...

    @property
    def extractor(self) -> Extractor: ...


async def extract(message: IngestRequested, ports: Ports) -> IngestExtracted:
    """Raises Malformed for a document that cannot be read, Unavailable when time or memory ran out.

    The extractor blocks, so it has a thread: the event loop goes on, and with it the signs of life.
    """
    raw = await ports.objects.get(Bucket.RAW, message.doc_id)
    extracted = await asyncio.to_thread(
        ports.extractor.extract, message.doc_id, message.source_uri, message.metadata, raw
    )
    body = extracted.model_dump_json().encode()
    key = content_key(message.doc_id, body)
    await ports.objects.put(Bucket.PROCESSED, key, body)
    structure = Structure(
        title=extracted.title,
        pages=extracted.pages,
        blocks=len(extracted.blocks),
        headings=sum(block.kind == "heading" for block in extracted.blocks),
    )
    return IngestExtracted(doc_id=message.doc_id, garage_key=key, structure=structure)
