"""Budget → one frozen spec per product, in that product's own setting names. Knows no Kubernetes."""

from collections.abc import Mapping

from homelab.budget import Budget
from homelab.lab import Lab
from homelab.profile import Profile
from homelab.specs.autoscaling import Autoscaling, autoscaling
from homelab.specs.base import Setting, Spec
from homelab.specs.collector import Collector, collector
from homelab.specs.context_forge import ContextForge, context_forge
from homelab.specs.embedder import Embedder, embedder
from homelab.specs.garage import Garage, garage
from homelab.specs.k3s import K3s, k3s
from homelab.specs.litellm import LiteLLM, litellm
from homelab.specs.llama_server import LlamaServer, llama_server
from homelab.specs.nats import Nats, nats
from homelab.specs.ollama import Ollama, ollama
from homelab.specs.openobserve import OpenObserve, openobserve
from homelab.specs.oxigraph import Oxigraph, oxigraph
from homelab.specs.pipeline import Pipeline, pipeline
from homelab.specs.postgres import Postgres, postgres
from homelab.specs.promptfoo import Promptfoo, promptfoo
from homelab.specs.timescaledb import Timescaledb, timescaledb

__all__ = [
    "Autoscaling",
    "Collector",
    "ContextForge",
    "Embedder",
    "Garage",
    "K3s",
    "LiteLLM",
    "LlamaServer",
    "Nats",
    "Ollama",
    "OpenObserve",
    "Oxigraph",
    "Pipeline",
    "Postgres",
    "Promptfoo",
    "Setting",
    "Spec",
    "Timescaledb",
    "specs_of",
]

PIPELINE = "pipeline"
"""The key of the settings that every stage and the API share."""

K3S = "k3s"
"""The key of the settings of a node's kubelet."""

_OF_PIPELINE = {"nats", "extract", "chunk", "embed", "graph", "api"}
"""Who reads them: the workers, the API, and the step that makes the streams."""

_BURST = ("extract", "graph")

_OF_BUDGET = {
    "nats": nats,
    "postgres": postgres,
    "oxigraph": oxigraph,
    "garage": garage,
    "litellm": litellm,
    "openobserve": openobserve,
    "collector": collector,
    "context-forge": context_forge,
    "promptfoo": promptfoo,
    "timescaledb": timescaledb,
    "llama-server": llama_server,
    "ollama": ollama,
}


def specs_of(budget: Budget, profile: Profile, lab: Lab) -> Mapping[str, Spec]:
    """Consumer id → its spec, for what is placed on this host and has settings of its own; and its kubelet's."""
    specs: dict[str, Spec] = {name: spec(budget) for name, spec in _OF_BUDGET.items() if name in budget}
    if "embedder" in budget:
        specs["embedder"] = embedder(budget, profile)
    for name in _BURST:
        if name in budget:
            specs[name] = autoscaling(budget, profile, name)
    if budget.host in lab.nodes:
        specs[K3S] = k3s(budget, profile, lab)
    if any(name in budget for name in _OF_PIPELINE):
        specs[PIPELINE] = pipeline(budget, profile, lab)
    return specs
