"""Chunks → vectors, stored with their document in one transaction."""

from pipeline.contract import Chunked, EmbedCompleted
from pipeline.ports import Embedder, ObjectStore, VectorStore
from pipeline.stages.chunk import artifact, chunks_of


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
    made = await embedder.embed([chunk.embedded for chunk in new])
    fresh = {chunk.chunk_id: vector for chunk, vector in zip(new, made, strict=True)}
    await vectors.store(document, chunks, fresh)
    return EmbedCompleted(doc_id=message.doc_id, garage_key=message.garage_key, chunks=len(chunks))
