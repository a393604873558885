"""The processed artifact → the document's named graph; then the document is complete."""

import asyncio
import logging

from pipeline import entities
from pipeline.artifact import artifact
from pipeline.contract import EmbedCompleted, Extracted, KgCompleted, graph_name
from pipeline.describe import describe, paragraphs
from pipeline.entities import Reading
from pipeline.log import line
from pipeline.ports import EntityReader, GraphStore, ObjectStore, VectorStore

_log = logging.getLogger(__name__)


async def graph(
    message: EmbedCompleted,
    objects: ObjectStore,
    store: GraphStore,
    vectors: VectorStore,
    reader: EntityReader | None,
) -> KgCompleted:
    """Raises Unavailable when a store or the model is away, Malformed for a broken artifact.

    A model that answers nonsense does not keep the document back: the graph says so of itself, and the log.
    """
    document = await artifact(objects, message.garage_key)
    reading = await _read(document, reader) if reader else None
    triples = await asyncio.to_thread(describe, document, reading)
    count = await store.replace(graph_name(document.doc_id), triples)
    await vectors.mark_complete(document.doc_id)
    return KgCompleted(doc_id=message.doc_id, triples_count=count)


async def _read(document: Extracted, reader: EntityReader) -> Reading:
    reading = await entities.read(paragraphs(document), reader)
    if reading.failure:
        _log.warning(
            line(
                "model-failed", doc=document.doc_id, read=reading.read, of=reading.windows, reason=reading.failure
            )
        )
    return reading
