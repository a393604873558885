"""What llama.cpp allocates for one loaded model: weights, cache, and the buffer it computes in. All in bytes."""

from dataclasses import dataclass
from typing import Literal

from homelab.llm.model import Model, Quantization
from homelab.units import MIB

Cache = Literal["f16", "q8_0", "q4_0"]

BLOCK = 32
CACHE_BYTES: dict[Cache, int] = {"f16": 64, "q8_0": 34, "q4_0": 18}
"""Bytes of 32 numbers: ggml-common.h's blocks are 32 quants and one 16-bit scale."""

BATCH = 512
"""Tokens that are computed at once: `--ubatch-size`, at its default."""

PADDING = 256
"""Tokens: each slot's cache is a multiple of it (src/llama-context.cpp)."""


@dataclass(frozen=True, slots=True)
class Need:
    weights: int
    cache: int
    compute: int

    @property
    def mib(self) -> int:
        """Rounded up."""
        return -(-(self.weights + self.cache + self.compute) // MIB)


def need(model: Model, quantization: Quantization, context: int, slots: int, cache: Cache) -> Need:
    """Of `slots` conversations with `context` tokens each, their keys and values kept as `cache`."""
    return Need(
        quantization.bytes, cache_bytes(model, context, slots, cache), compute_bytes(model, context, slots, cache)
    )


def cache_bytes(model: Model, context: int, slots: int, cache: Cache) -> int:
    """Every layer keeps keys and values of every token that it can still see; a window sees one batch more
    (src/llama-kv-cache-iswa.cpp)."""
    seen = _padded(context)
    window = seen if model.window is None else min(seen, _padded(model.window.tokens + BATCH))
    numbers = sum((layer.keys + layer.values) * (window if layer.windowed else seen) for layer in model.cached())
    return numbers * slots * CACHE_BYTES[cache] // BLOCK


def compute_bytes(model: Model, context: int, slots: int, cache: Cache) -> int:
    """An upper bound of the compute buffer, with flash attention.

    Of each token of a batch, in 32-bit numbers: one for each entry of the vocabulary (the logits), three times the
    widest layer (gate, up and their product; or queries, keys' reach and the result) and eight times the hidden
    size; the mask, a 16-bit number for each token of the context; and where the cache is quantized, one layer of
    it as 16-bit numbers. What llama-fit-params of llama.cpp 0.5.0 reports is half to nine tenths of this bound
    (tests/unit/test_llm_need.py has its numbers).
    """
    batch = context if model.embedding else BATCH  # an encoder reads its whole text at once
    logits = 0 if model.embedding else model.vocabulary
    widest = max(model.feed_forward, model.heads * model.key_length)
    activations = batch * 4 * (logits + 3 * widest + 8 * model.hidden)
    unpacked = 0
    if cache != "f16":
        unpacked = max((layer.keys + layer.values for layer in model.cached()), default=0) * context * slots * 2
    return activations + batch * context * 2 + unpacked


def _padded(tokens: int) -> int:
    return -(-tokens // PADDING) * PADDING
