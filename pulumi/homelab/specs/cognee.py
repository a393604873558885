"""Cognee: how much it opens at once, and what it must know of the embedding model. Where a profile chooses it."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure, given
from homelab.lab import Lab
from homelab.profile import Profile
from homelab.specs.base import Spec, setting
from homelab.units import MIB

PROCESS_MIB = 1024
"""MiB for the process itself, our judgement: half of its floor. Its own chart requests 512."""

MIB_PER_DATASET = 512
DATASETS = (1, 6)
"""MiB of one dataset's open engines, each a process of its own; 6 is Cognee's default for how many stay open."""

POOL_SHARE = 4
"""A quarter of the limit for the graph database's buffers, over all open datasets; by default each has 32 GiB."""


@dataclass(frozen=True)
class Cognee(Spec):
    """`KUZU_BUFFER_POOL_SIZE` is in bytes, and a power of two."""

    open_datasets: Figure = setting(name="DATABASE_MAX_LRU_CACHE_SIZE")
    working_datasets: Figure = setting(name="DATASET_QUEUE_MAX_CONCURRENT")
    buffer_pool: Figure = setting(lambda mib: str(mib * MIB), "KUZU_BUFFER_POOL_SIZE")
    threads: Figure = setting(name="KUZU_NUM_THREADS")
    dimensions: Figure = setting(name="EMBEDDING_DIMENSIONS")
    batch: Figure = setting(name="EMBEDDING_BATCH_SIZE")


def cognee(budget: Budget, profile: Profile, lab: Lab) -> Cognee:
    line = budget.line("graph")
    limit, (least, most) = line.limit, DATASETS
    count = min(most, max(least, (limit.value - PROCESS_MIB) // MIB_PER_DATASET))
    each = f"one for each {MIB_PER_DATASET} MiB beside the {PROCESS_MIB} of the process, at most {most}"
    datasets = limit.then("rule", "cognee.DATABASE_MAX_LRU_CACHE_SIZE", count, each, unit="")
    pool = 1 << ((limit.value // POOL_SHARE // count).bit_length() - 1)
    buffers = f"a {POOL_SHARE}th of the limit over {count} datasets, as a power of two; its default is 32 GiB"
    threads = max(1, line.cpu_limit.value // 1000)
    return Cognee(
        open_datasets=datasets,
        working_datasets=datasets.then(
            "rule", "cognee.DATASET_QUEUE_MAX_CONCURRENT", count, "no more at work than can stay open"
        ),
        buffer_pool=limit.then("rule", "cognee.KUZU_BUFFER_POOL_SIZE", pool, buffers),
        threads=line.cpu_limit.then("rule", "cognee.KUZU_NUM_THREADS", threads, "its cores", unit=""),
        dimensions=given(
            "profile",
            "lab.yaml: models.embedding.dimensions",
            lab.models.embedding.dimensions,
            "",
            "of the embedding model; its default is 3072",
        ),
        batch=profile.given("embedding.batch", profile.rules.embedding.batch, "", "texts in one request"),
    )
