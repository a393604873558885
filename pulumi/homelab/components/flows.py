"""Who speaks to whom: the network policies are this table and nothing else.

Names are the apps' own, as in `homelab.consumers.WORKLOADS`. Every pod may also ask the cluster's DNS.
"""

from dataclasses import dataclass

from homelab.components.scope import PORTS
from homelab.config import collector, context_forge, openobserve

TAILNET = "tailnet"
"""Machines outside the cluster, by the subnet route of the control plane; its grants say which of them."""

STORES = {
    "nats": PORTS.nats,
    "garage": PORTS.garage,
    "supabase-postgres": PORTS.postgres,
    "oxigraph": PORTS.oxigraph,
    "litellm": PORTS.litellm,
}
"""What questions and uploads lean on."""

WORKERS = ("docling", "chunk", "embed", "cognee")

PIPELINE_CHECKS = "checks-phase2-pipeline"


@dataclass(frozen=True, slots=True)
class Flow:
    """TCP, to the port on which the target's pods listen."""

    source: str
    target: str
    port: int


FLOWS = (
    Flow("bootstrap", "nats", PORTS.nats),
    Flow("bootstrap", "garage", PORTS.garage),
    Flow("bootstrap", "garage", PORTS.garage_admin),
    Flow("bootstrap", "supabase-postgres", PORTS.postgres),
    *(Flow(worker, "nats", PORTS.nats) for worker in WORKERS),
    *(Flow(worker, "garage", PORTS.garage) for worker in WORKERS),
    Flow("embed", "supabase-postgres", PORTS.postgres),
    Flow("embed", "litellm", PORTS.litellm),
    Flow("cognee", "supabase-postgres", PORTS.postgres),
    Flow("cognee", "oxigraph", PORTS.oxigraph),
    Flow("cognee", "litellm", PORTS.litellm),
    *(Flow("api", target, port) for target, port in STORES.items()),
    Flow("litellm", "embedder", PORTS.embedder),
    *(
        Flow(checks, target, port)
        for checks in ("checks-phase1-core", PIPELINE_CHECKS)
        for target, port in STORES.items()
    ),
    Flow("checks-phase3-inference", "litellm", PORTS.litellm),
    *(Flow(source, "collector", collector.HTTP) for source in (*WORKERS, "api", PIPELINE_CHECKS, TAILNET)),
    Flow("context-forge", "supabase-postgres", PORTS.postgres),
    Flow("context-forge", "api", PORTS.api),
    Flow("registration", "context-forge", context_forge.HTTP),
    Flow("promptfoo-eval", "api", PORTS.api),
    Flow("promptfoo-eval", "litellm", PORTS.litellm),
    *(Flow("checks-phase4-tooling", target, port) for target, port in STORES.items() if target != "litellm"),
    Flow("checks-phase4-tooling", "context-forge", context_forge.HTTP),
    Flow("collector", "openobserve", openobserve.HTTP),
    Flow(PIPELINE_CHECKS, "openobserve", openobserve.HTTP),
    # The workers of other machines, and people's own devices.
    Flow(TAILNET, "nats", PORTS.nats),
    Flow(TAILNET, "litellm", PORTS.litellm),
    Flow(TAILNET, "api", PORTS.api),
)

KEDA = "keda"
"""Its operator, in a namespace of this name: it asks how long the queues are."""

CLOUDNATIVE_PG = "cloudnative-pg"
"""Its operator asks each Postgres how it is, at a door of its own."""

SPACES = {KEDA: "keda", CLOUDNATIVE_PG: "cnpg-system"}
"""The namespaces that the operators' own charts are installed into."""

OPERATED = (
    Flow(KEDA, "nats", PORTS.nats_monitor),
    Flow(CLOUDNATIVE_PG, "supabase-postgres", 8000),
)
"""Where lab.yaml names the operator."""

PEERS = {"nats": 6222, "garage": PORTS.garage_rpc, "supabase-postgres": PORTS.postgres}
"""On which port the pods of one app listen for each other, where there are several."""


def into(app: str) -> tuple[Flow, ...]:
    return tuple(flow for flow in FLOWS if flow.target == app)


def out_of(app: str) -> tuple[Flow, ...]:
    return tuple(flow for flow in FLOWS if flow.source == app)
