"""Which consumers a phase is for, and which of them this lab goes without: those are listed, never counted."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from homelab.consumers import workload
from homelab.lab import Lab
from homelab.validate.outcome import Outcome, left_out

PARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "phase1-core": ("nats", "garage", "postgres", "oxigraph", "litellm", "embedder"),
        "phase2-pipeline": ("extract", "chunk", "embed", "graph", "api", "openobserve", "collector"),
        "phase3-inference": ("llama-server", "ollama"),
        "phase4-tooling": ("promptfoo", "context-forge", "console"),
    }
)


def missing(lab: Lab, stack: str, deployed: Collection[str], placed: Collection[str]) -> Iterator[Outcome]:
    """`deployed` are names of the stack's objects, `placed` the consumers that stand on any host's ledger.

    A name may go on: `ollama-pi-control`, `promptfoo-eval`.
    """
    for consumer in PARTS.get(stack, ()):
        if any(name == workload(consumer) or name.startswith(f"{consumer}-") for name in deployed):
            continue
        if consumer not in placed:
            where = " or ".join(lab.nodes) or "a host"
            yield left_out(consumer, "placed on no host of lab.yaml", f"add {consumer} to place of {where}")
        else:
            yield left_out(consumer, "placed, and this phase deploys nothing for it")
