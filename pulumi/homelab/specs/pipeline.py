"""The data plane's own settings: batches, chunk sizes, threads and how far its streams are scaled down."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.lab import BUILTIN_MODEL, Lab
from homelab.profile import Profile
from homelab.specs.base import Spec, setting, thousandths
from pipeline.contract import GIB, STREAMS

CHUNK = (512, 128)
MINILM_CHUNK = (256, 64)
"""Tokens and overlap. MiniLM was made for 256 tokens; what goes beyond is embedded badly (its model card)."""

STREAM_PERCENT = 95
"""Of JetStream's file store, for the platform's streams: the server refuses a stream that it could not hold."""


@dataclass(frozen=True)
class Pipeline(Spec):
    embed_batch: Figure = setting()
    chunk_tokens: Figure = setting()
    chunk_overlap: Figure = setting()
    extract_threads: Figure = setting()
    max_document_mib: Figure = setting()
    stream_scale: Figure = setting(thousandths)


def pipeline(budget: Budget, profile: Profile, lab: Lab) -> Pipeline:
    tokens, overlap = MINILM_CHUNK if lab.models.embedding.model == BUILTIN_MODEL else CHUNK
    because = f"what {lab.models.embedding.model} was made for"
    line = budget.line("extract") if "extract" in budget else None
    cores = budget.cores if line is None else line.cpu_limit
    return Pipeline(
        embed_batch=profile.given("embedding.batch", profile.rules.embedding.batch, "", "texts in one request"),
        chunk_tokens=budget.cores.then("rule", "chunk_tokens", tokens, because, unit="tokens"),
        chunk_overlap=budget.cores.then("rule", "chunk_overlap", overlap, "a quarter of a chunk", unit="tokens"),
        extract_threads=cores.then("rule", "extract_threads", max(1, cores.value // 1000), "its cores", unit=""),
        max_document_mib=budget.cores.then(
            "profile", "lab.yaml: documents.max_mib", lab.documents.max_mib, "refused above", unit="MiB"
        ),
        stream_scale=_stream_scale(budget),
    )


def _stream_scale(budget: Budget) -> Figure:
    """Thousandths by which every stream's ceiling is multiplied so that all fit the file store together."""
    ceiling = sum(stream.max_bytes for stream in STREAMS) // GIB
    store = budget.disk.shares.get("nats")
    if store is None:
        because = "NATS is on another host, whose plan scales its streams"
        return budget.disk.total.then("rule", "stream_scale", 1000, because, unit="‰")
    scale = min(1000, store.value * STREAM_PERCENT * 10 // ceiling)
    because = f"the streams' ceilings are {ceiling} GiB; together they take {STREAM_PERCENT} % of the file store"
    return store.then("rule", "stream_scale", scale, because, unit="‰")
