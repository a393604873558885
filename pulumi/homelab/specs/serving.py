"""What llama-server and Ollama have in common: the steps from their memory to a context."""

from dataclasses import dataclass

from homelab.budget import Serving
from homelab.figure import Figure
from homelab.llm.need import BLOCK, CACHE_BYTES
from homelab.specs.base import Choice
from homelab.units import MIB


@dataclass(frozen=True)
class Steps:
    """From the memory for models: what weights and buffers leave, and what the caches make of the rest."""

    serving: Serving

    @property
    def weights(self) -> Figure:
        """MiB of the files that are loaded together, each rounded up."""
        loads = self.serving.fit.setup.loads
        mib = sum(-(-load.need.weights // MIB) for load in loads)
        files = " and ".join(f"{load.quantization.name} of {load.model.name}" for load in loads)
        return self.serving.memory.then("rule", "weights", mib, f"{files}: the best that fits with its context")

    @property
    def context(self) -> Figure:
        """Tokens of one conversation."""
        setup = self.serving.fit.setup
        caches = sum(load.need.cache for load in setup.loads)
        buffers = sum(load.need.compute for load in setup.loads)
        because = f"its cache takes {_mib(caches)} MiB in all, computing {_mib(buffers)}"
        steps = self.serving.fit.steps
        because += "".join(f"; {step.what} would need {step.mib} MiB{step.disk}" for step in steps)
        return self.weights.then("rule", "context", setup.context, because, unit="tokens")

    @property
    def slots(self) -> Figure:
        because = "conversations at once, each with a whole context"
        return self.context.then("rule", "slots", self.serving.fit.setup.slots, because, unit="")

    @property
    def cache(self) -> Choice:
        cache = self.serving.fit.setup.cache
        because = f"bytes of {BLOCK} numbers; the best type with which that context fits"
        return Choice(cache, self.context.then("rule", "cache type", CACHE_BYTES[cache], because, unit="B"))

    def constant(self, name: str, value: int, because: str, unit: str = "") -> Figure:
        return self.serving.memory.then("rule", name, value, because, unit=unit)


def _mib(size: int) -> int:
    return -(-size // MIB)
