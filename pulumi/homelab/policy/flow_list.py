"""Who may speak to whom: the flows of the platform, written apart from the components that open them."""

from ipaddress import IPv4Network
from typing import NamedTuple

DNS, TAILNET, LAB, WORLD = "the cluster's DNS", "the tailnet", "hosts of the lab", "the internet"
KEDA, CLOUDNATIVE_PG = "KEDA's operator", "CloudNativePG's operator"
"""Ends of a flow that are no workload of ours."""

TAILNET_BLOCK = IPv4Network("100.64.0.0/10")
"""https://tailscale.com/kb/1015/100.x-addresses"""


class Flow(NamedTuple):
    """`source` opens a connection to `port` of `target`: names of workloads, or one of the ends above."""

    source: str
    target: str
    port: int


def _from(source: str, *targets: tuple[str, int]) -> tuple[Flow, ...]:
    return tuple(Flow(source, target, port) for target, port in targets)


NATS, GARAGE, POSTGRES = ("nats", 4222), ("garage", 3900), ("supabase-postgres", 5432)
OXIGRAPH, LITELLM, COLLECTOR, API = ("oxigraph", 7878), ("litellm", 4000), ("collector", 4318), ("api", 8000)
CONTEXT_FORGE, OPENOBSERVE = ("context-forge", 4444), ("openobserve", 5080)
STORES = (NATS, GARAGE, POSTGRES, OXIGRAPH, LITELLM)

FLOWS = frozenset(
    (
        *_from("bootstrap", NATS, GARAGE, ("garage", 3903), POSTGRES),
        *_from("docling", NATS, GARAGE, COLLECTOR),
        *_from("chunk", NATS, GARAGE, COLLECTOR),
        *_from("embed", NATS, GARAGE, POSTGRES, LITELLM, COLLECTOR),
        *_from("cognee", NATS, GARAGE, POSTGRES, OXIGRAPH, LITELLM, COLLECTOR),
        *_from("api", *STORES, COLLECTOR),
        *_from("litellm", ("embedder", 8081)),
        *_from("checks-phase1-core", *STORES),
        *_from("checks-phase2-pipeline", *STORES, COLLECTOR, OPENOBSERVE),
        *_from("checks-phase3-inference", LITELLM),
        *_from("collector", OPENOBSERVE),
        *_from("context-forge", POSTGRES, API),
        *_from("registration", CONTEXT_FORGE),
        *_from("promptfoo-eval", API, LITELLM),
        *_from("checks-phase4-tooling", NATS, GARAGE, POSTGRES, OXIGRAPH, CONTEXT_FORGE),
        # the workers of other machines, and people's own devices
        *_from(TAILNET, NATS, LITELLM, COLLECTOR, API),
    )
)

OPERATED = {
    "keda": frozenset((Flow(KEDA, "nats", 8222),)),
    "cloudnative-pg": frozenset(
        (
            Flow(CLOUDNATIVE_PG, "supabase-postgres", 8000),
            Flow("supabase-postgres", "supabase-postgres", 5432),
            Flow("supabase-postgres", WORLD, 6443),  # its instances ask the API server, which no label selects
        )
    ),
}
"""Of the operators that lab.yaml names."""

PEERS = frozenset((Flow("nats", "nats", 6222), Flow("garage", "garage", 3901)))
"""Among the pods of one workload, where the ledger holds several."""
