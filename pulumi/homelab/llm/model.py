"""The shape of a language model: what its memory follows from. The names are those of GGUF's metadata."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from homelab.document import Document, broken

Count = Annotated[int, Field(ge=1)]


class Window(Document):
    """Sliding-window attention: which layers look back only `tokens` tokens.

    Of every `full_every` layers one sees the whole context: the last of them, or the first with `full_first`.
    `layers` says it for each layer instead, as newer files do.
    """

    tokens: Count
    full_every: Count = 1
    full_first: bool = False
    layers: tuple[bool, ...] | None = None

    def covers(self, layer: int) -> bool:
        if self.layers is not None:
            return self.layers[layer]
        position = layer % self.full_every
        return position != (0 if self.full_first else self.full_every - 1)


class Latent(Document):
    """Multi-head latent attention: one compressed key for all heads. llama.cpp keeps no values for it."""

    kv_lora_rank: Count
    rope_dimensions: Count


class Quantization(Document):
    """One file of the model; its size is what the weights take in memory."""

    name: Annotated[str, Field(min_length=1)]
    bytes: Count


@dataclass(frozen=True, slots=True)
class Layer:
    """Numbers that one token leaves in a layer's cache; `windowed` layers forget those out of sight."""

    keys: int
    values: int
    windowed: bool


class Model(Document):
    """What one model is, and the files in which it can be had."""

    name: Annotated[str, Field(min_length=1)]
    repository: str | None = Field(default=None, description="on Hugging Face; none: a file of one's own")
    architecture: Annotated[str, Field(min_length=1)]
    embedding: bool = Field(default=False, description="an encoder: no cache, no next token")
    layers: Count
    hidden: Count
    feed_forward: Count = Field(description="numbers between the two halves of the widest layer, per token")
    heads: Count
    kv_heads: int | tuple[int, ...] = Field(description="of each layer, or one number for all")
    key_length: Count
    value_length: Count
    window: Window | None = None
    latent: Latent | None = None
    vocabulary: Count
    context: Count = Field(description="tokens that it was trained for")
    quantizations: tuple[Quantization, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        lists = {"kv_heads": self.kv_heads, "window.layers": self.window.layers if self.window else None}
        for name, values in lists.items():
            if isinstance(values, tuple) and len(values) != self.layers:
                rule = f"{name} has {len(values)} entries for {self.layers} layers"
                raise broken(rule, "give one for each layer")
        names = [quantization.name for quantization in self.quantizations]
        if len(set(names)) < len(names):
            raise broken("a quantization is named once", "keep one of them", given=", ".join(names))
        return self

    @property
    def by_size(self) -> tuple[Quantization, ...]:
        """Its files, the smallest first: more bits are never worse."""
        return tuple(sorted(self.quantizations, key=lambda quantization: (quantization.bytes, quantization.name)))

    def cached(self) -> Iterator[Layer]:
        """What each layer remembers of a token; nothing for an encoder, which reads its text at once."""
        if self.embedding:
            return
        for number in range(self.layers):
            windowed = self.window is not None and self.window.covers(number)
            if self.latent is not None:
                yield Layer(self.latent.kv_lora_rank + self.latent.rope_dimensions, 0, windowed)
                continue
            heads = self.kv_heads[number] if isinstance(self.kv_heads, tuple) else self.kv_heads
            yield Layer(heads * self.key_length, heads * self.value_length, windowed)
