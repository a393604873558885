"""Chunks → vectors, stored with their document."""

from pipeline.artifact import artifact
from pipeline.contract import Chunked, EmbedCompleted
from pipeline.ports import Embedder, ObjectStore, VectorStore
from pipeline.stages.chunk import chunks_of

PART = 512
"""Chunks that are stored together, about 100 pages. Nearly every document is one part, and so one transaction; a
book is several, which bounds memory, and a worker that dies over it leaves what it has done."""


async def embed(
    message: Chunked, objects: ObjectStore, embedder: Embedder, vectors: VectorStore
) -> EmbedCompleted:
    """Chunks that are stored already cost no call to the model.

    Raises Unavailable, RateLimited or Refused with the model or a store, Malformed for a broken message,
    Misconfigured (before anything is written) when the model's dimension is not the table's.
    """
    document = await artifact(objects, message.garage_key)
    chunks = await chunks_of(objects, message)
    stored = await vectors.has_chunks([chunk.chunk_id for chunk in chunks])
    new = [chunk for chunk in chunks if chunk.chunk_id not in stored]
    for start in range(0, max(len(new), 1), PART):
        part = new[start : start + PART]
        made = await embedder.embed([chunk.embedded for chunk in part])
        by_id = {chunk.chunk_id: vector for chunk, vector in zip(part, made, strict=True)}
        if start == 0:
            await vectors.store(document, chunks, by_id)
        else:
            await vectors.add(message.doc_id, part, by_id)
    return EmbedCompleted(doc_id=message.doc_id, garage_key=message.garage_key, chunks=len(chunks))
