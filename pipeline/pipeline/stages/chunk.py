"""The processed artifact → chunks, each with its page and heading."""

import asyncio

from pydantic import TypeAdapter, ValidationError

from pipeline.artifact import artifact
from pipeline.chunker import Chunker
from pipeline.contract import (
    INLINE_LIMIT,
    Bucket,
    Chunk,
    Chunked,
    IngestExtracted,
    content_key,
)
from pipeline.errors import Malformed
from pipeline.ports import ObjectStore

_CHUNKS = TypeAdapter(tuple[Chunk, ...])


async def chunk(message: IngestExtracted, objects: ObjectStore, chunker: Chunker) -> Chunked:
    """Raises Malformed for a document without text, Unavailable when the store does not answer."""
    document = await artifact(objects, message.garage_key)
    chunks = await asyncio.to_thread(chunker.cut, document.doc_id, document.blocks)
    if not chunks:
        raise Malformed(document.metadata.filename, "it holds no text; scanned pages need OCR first")
    inline = Chunked(doc_id=message.doc_id, garage_key=message.garage_key, chunks=chunks)
    if len(inline.model_dump_json()) <= INLINE_LIMIT:
        return inline
    body = _CHUNKS.dump_json(chunks)
    key = content_key(message.doc_id, body)
    await objects.put(Bucket.PROCESSED, key, body)
    return Chunked(doc_id=message.doc_id, garage_key=message.garage_key, chunks_key=key)


async def chunks_of(objects: ObjectStore, message: Chunked) -> tuple[Chunk, ...]:
    """The chunks that a message carries or points to. Raises Malformed when it does neither or both."""
    if message.chunks is not None and message.chunks_key is None:
        return message.chunks
    if message.chunks is not None or message.chunks_key is None:
        raise Malformed("doc.chunked", "exactly one of `chunks` and `chunks_key` must be set")
    body = await objects.get(Bucket.PROCESSED, message.chunks_key)
    try:
        return _CHUNKS.validate_json(body)
    except ValidationError as error:
        raise Malformed(f"processed/{message.chunks_key}", "no chunks of this version") from error
