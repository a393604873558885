"""The environment of the pipeline's workers and its API, as `pipeline.settings` reads it. No secret is in it."""

from dataclasses import asdict, dataclass

from homelab.config import litellm, nats, postgres
from homelab.lab import Lab
from homelab.specs import Pipeline

COGNEE = {"LAB_GRAPH_ENGINE": "cognee"}
"""For the graph workers of a profile that chooses it, which are then in its image."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the services answer, as a worker sees them."""

    nats_url: str
    postgres_host: str
    postgres_port: int
    objects: str
    s3_endpoint: str
    oxigraph_url: str
    litellm_url: str


def environment(spec: Pipeline, lab: Lab, endpoints: Endpoints) -> dict[str, str]:
    values: dict[str, object] = {
        **asdict(endpoints),
        **spec.settings(),
        "nats_user": nats.USER,
        "postgres_db": postgres.DATABASE,
        "postgres_user": postgres.USER,
        "embed_model": litellm.EMBED,
        "embed_identity": lab.models.embedding.model,
        "embed_dimensions": lab.models.embedding.dimensions,
    }
    if lab.models.chat is not None:
        values["chat_model"] = litellm.CHAT
    if lab.models.embedding.tokenizer is not None:
        values["tokenizer"] = lab.models.embedding.tokenizer
    return {f"LAB_{name.upper()}": str(value) for name, value in values.items()}
