"""Who may be given memory and CPU, by the ids that lab.yaml, profiles, `plan` and `explain` use."""

CONSUMERS = (
    "postgres",
    "nats",
    "oxigraph",
    "litellm",
    "openobserve",
    "garage",
    "extract",
    "graph",
    "embedder",
    "chunk",
    "embed",
    "api",
    "collector",
    "context-forge",
    "console",
    "promptfoo",
    "mindsdb",
    "timescaledb",
    "llama-server",
    "ollama",
)
"""In the order in which the ledger fills them; `reserve` and `headroom` come before and are never placed."""

LOCAL = (
    "postgres",
    "nats",
    "oxigraph",
    "litellm",
    "garage",
    "extract",
    "graph",
    "embedder",
    "chunk",
    "embed",
    "api",
)
"""What runs as processes of this machine, without a cluster."""

NAMESPACE = "ai-infrastructure"
"""Of Kubernetes: where everything of the platform is."""

WORKLOADS = {"postgres": "supabase-postgres", "extract": "docling", "graph": "cognee"}
"""Consumer → its name in the cluster, where people expect another."""


def workload(consumer: str) -> str:
    """Its name as an object of Kubernetes, and the one that its service answers to."""
    return WORKLOADS.get(consumer, consumer)
