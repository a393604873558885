"""Ollama: its environment. One context and one type of cache for all its models."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.llm import Load
from homelab.specs.base import Choice, Spec, setting
from homelab.specs.serving import Steps

PORT = 11434
"""Ollama's own, as its units and images have it."""

FOREVER = -1
"""Seconds; negative: a model stays loaded. Its memory is planned for it, and loading takes up to minutes."""

ON_DEMAND = 300
"""Seconds, Ollama's default: a model that is not asked makes room for the next."""


@dataclass(frozen=True)
class Ollama(Spec):
    models: Choice = setting()
    context_length: Figure = setting(name="OLLAMA_CONTEXT_LENGTH")
    num_parallel: Figure = setting(name="OLLAMA_NUM_PARALLEL")
    max_loaded_models: Figure = setting(name="OLLAMA_MAX_LOADED_MODELS")
    kv_cache_type: Choice = setting(name="OLLAMA_KV_CACHE_TYPE")
    flash_attention: Figure = setting(name="OLLAMA_FLASH_ATTENTION")
    keep_alive: Figure = setting(name="OLLAMA_KEEP_ALIVE")


def pulled(load: Load) -> str:
    """The name under which Ollama pulls and serves a model, as `hf.co/Qwen/Qwen3-4B-GGUF:Q4_K_M`."""
    source = load.model.name if load.model.repository is None else f"hf.co/{load.model.repository}"
    return f"{source}:{load.quantization.name}"


def ollama(budget: Budget) -> Ollama:
    serving = budget.servings["ollama"]
    steps, setup = Steps(serving), serving.fit.setup
    together = f"{setup.at_once} of {len(setup.models)} models fit at once"
    stays = setup.at_once == len(setup.models)
    why = "each has memory of its own" if stays else "they take turns"
    return Ollama(
        models=Choice(" ".join(map(pulled, setup.loads)), steps.weights),
        context_length=steps.context,
        num_parallel=steps.slots,
        max_loaded_models=steps.weights.then("rule", "models at once", setup.at_once, together, unit=""),
        kv_cache_type=steps.cache,
        flash_attention=steps.constant("OLLAMA_FLASH_ATTENTION", 1, "a quantized cache needs it"),
        keep_alive=steps.constant("OLLAMA_KEEP_ALIVE", FOREVER if stays else ON_DEMAND, why, "s"),
    )
