"""Budget → one frozen spec per product, in that product's own setting names. Knows no Kubernetes."""

from collections.abc import Mapping

from homelab.budget import Budget
from homelab.lab import Lab
from homelab.profile import Profile
from homelab.specs.base import Setting, Spec
from homelab.specs.embedder import Embedder, embedder
from homelab.specs.garage import Garage, garage
from homelab.specs.litellm import LiteLLM, litellm
from homelab.specs.llama_server import LlamaServer, llama_server
from homelab.specs.nats import Nats, nats
from homelab.specs.ollama import Ollama, ollama
from homelab.specs.oxigraph import Oxigraph, oxigraph
from homelab.specs.pipeline import Pipeline, pipeline
from homelab.specs.postgres import Postgres, postgres

__all__ = [
    "Embedder",
    "Garage",
    "LiteLLM",
    "LlamaServer",
    "Nats",
    "Ollama",
    "Oxigraph",
    "Pipeline",
    "Postgres",
    "Setting",
    "Spec",
    "specs_of",
]

PIPELINE = "pipeline"
"""The key of the settings that every stage and the API share."""

_OF_BUDGET = {
    "nats": nats,
    "postgres": postgres,
    "oxigraph": oxigraph,
    "garage": garage,
    "litellm": litellm,
    "llama-server": llama_server,
    "ollama": ollama,
}


def specs_of(budget: Budget, profile: Profile, lab: Lab) -> Mapping[str, Spec]:
    """Consumer id → its spec, for what is placed on this host and has settings of its own."""
    specs: dict[str, Spec] = {name: spec(budget) for name, spec in _OF_BUDGET.items() if name in budget}
    if "embedder" in budget:
        specs["embedder"] = embedder(budget, profile)
    specs[PIPELINE] = pipeline(budget, profile, lab)
    return specs
