"""llama-server: the model's file, its context, and where it computes. Names are its options without the dashes."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.specs.base import Choice, Spec, onoff, setting
from homelab.specs.serving import Steps

PORT = 8080
"""Said always: the default is moving from 8080 to 9931."""


@dataclass(frozen=True)
class LlamaServer(Spec):
    """`hf_repo` for a known model, `model` for a file of one's own."""

    hf_repo: Choice | None = setting(name="hf-repo")
    model: Choice | None = setting()
    ctx_size: Figure = setting(name="ctx-size")
    parallel: Figure = setting()
    cache_type_k: Choice = setting(name="cache-type-k")
    cache_type_v: Choice = setting(name="cache-type-v")
    flash_attn: Figure = setting(onoff, "flash-attn")
    n_gpu_layers: Figure = setting(name="n-gpu-layers")
    threads: Figure = setting()
    cache_ram: Figure = setting(name="cache-ram")
    ctx_checkpoints: Figure = setting(name="ctx-checkpoints")
    port: Figure = setting()


def llama_server(budget: Budget) -> LlamaServer:
    serving = budget.servings["llama-server"]
    steps = Steps(serving)
    (load,) = serving.fit.setup.loads
    known = load.model.repository
    context, slots = steps.context, steps.slots
    cores = budget.line("llama-server").cpu_limit
    return LlamaServer(
        hf_repo=Choice(f"{known}:{load.quantization.name}", steps.weights) if known else None,
        model=None if known else Choice(f"{load.model.name}.gguf", steps.weights),
        ctx_size=context.then(
            "rule",
            "llama-server.ctx-size",
            load.context * slots.value,
            f"shared by {slots.value} slots, {load.context} each",
        ),
        parallel=slots,
        cache_type_k=steps.cache,
        cache_type_v=steps.cache,
        flash_attn=steps.constant("flash-attn", 1, "without it the buffer grows with context × heads"),
        n_gpu_layers=_layers(steps, load.model.layers),
        threads=cores.then(
            "rule", "llama-server.threads", max(1, cores.value // 1000), "the cores that it may use", unit=""
        ),
        cache_ram=steps.constant("cache-ram", 0, "8192 MiB by default, beside everything counted here", "MiB"),
        ctx_checkpoints=steps.constant("ctx-checkpoints", 0, "32 copies of a window's cache by default"),
        port=steps.constant("port", PORT, "its default is about to change"),
    )


def _layers(steps: Steps, layers: int) -> Figure:
    """All or none: a split would have to be counted in two memories."""
    if steps.serving.pool == "ram":
        return steps.constant("n-gpu-layers", 0, "the model is in RAM")
    return steps.weights.then("rule", "n-gpu-layers", layers + 1, "every layer and the output's", unit="")
