"""What phase 1 promises: streams, buckets, tables, the graph, and one door to the models."""

import uuid

from nats.js.errors import NotFoundError

from pipeline.adapters.bus import named
from pipeline.adapters.embedder import Embeddings
from pipeline.contract import STREAMS, Bucket
from pipeline.errors import Misconfigured
from pipeline.parts import Parts
from pipeline.routes import ROUTES
from pipeline.settings import Settings


async def streams(settings: Settings, parts: Parts) -> str:
    """Every stream and every stage's consumer."""
    jetstream = (await parts.bus()).jetstream
    said = []
    for stream in STREAMS:
        with named():
            try:
                info = await jetstream.stream_info(stream.name)
            except NotFoundError as error:
                raise Misconfigured("nats", f"no stream {stream.name}: the bootstrap has not run") from error
        said.append(f"{stream.name} R{info.config.num_replicas or 1}")
    for route in ROUTES.values():
        with named():
            try:
                await jetstream.consumer_info(route.stream, route.stage)
            except NotFoundError as error:
                raise Misconfigured("nats", f"no consumer {route.stage} on {route.stream}") from error
    return f"{', '.join(said)}; {len(ROUTES)} consumers"


async def buckets(settings: Settings, parts: Parts) -> str:
    """Each takes an object, gives it back and drops it again."""
    body = uuid.uuid4().bytes
    for bucket in Bucket:
        key = f"check-{uuid.uuid4().hex}"
        await parts.objects.put(bucket, key, body)
        try:
            if await parts.objects.get(bucket, key) != body:
                raise Misconfigured("objects", f"{bucket} gave back other bytes than it took")
        finally:
            await parts.objects.delete(bucket, key)
    return f"{', '.join(Bucket)}: an object went in, came back and was dropped"


async def tables(settings: Settings, parts: Parts) -> str:
    """pgvector's type in the agreed dimension."""
    await parts.vectors.check()
    return f"embeddings.embedding is vector({settings.embed_dimensions})"


async def graph(settings: Settings, parts: Parts) -> str:
    """An update is kept, found by SPARQL, and dropped again."""
    name = f"urn:lab:check:{uuid.uuid4().hex}"
    await parts.graph.replace(name, f'<{name}> <urn:lab:check> "kept" .\n')
    try:
        rows = await parts.graph.select(f"SELECT ?o WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
    finally:
        await parts.graph.drop(name)
    if rows != [{"o": "kept"}]:
        raise Misconfigured("oxigraph", f"SPARQL found {rows} where one triple had been put")
    return "an update was found by SPARQL and dropped again"


async def embedding(settings: Settings, parts: Parts) -> str:
    """The embedding model, through LiteLLM."""
    model = Embeddings(settings)
    try:
        [vector] = await model.embed(["How long does the UPS carry the NAS alone?"])
    finally:
        await model.close()
    if len(vector) != settings.embed_dimensions:
        raise Misconfigured(
            "embedding model", f"{len(vector)} dimensions, not {settings.embed_dimensions} as lab.yaml says"
        )
    return f"{settings.embed_model} through LiteLLM: {len(vector)} dimensions"
