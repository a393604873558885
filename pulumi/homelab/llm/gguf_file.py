"""The shape of the model in a GGUF file, from its own metadata."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from homelab.document.source import shown
from homelab.errors import InvalidInput, Problem
from homelab.llm.model import Latent, Model, Quantization, Window

if TYPE_CHECKING:
    from gguf import GGUFReader

MAGIC = b"GGUF"

FULL_EVERY = {
    "afmoe": 4,
    "cohere2": 4,
    "exaone-moe": 4,
    "exaone4": 4,
    "gemma2": 2,
    "gemma3": 6,
    "gemma3n": 5,
    "gpt-oss": 2,
    "llama4": 4,
    "olmo2": 4,
}
"""Layers of which one sees the whole context, where the file says only how far the others see: llama.cpp knows it
by the architecture (src/models/*.cpp, load_swa_pattern). Of any other, every layer is counted as seeing it all."""

NOT_COUNTED = {
    "ssm.state_size": "recurrent layers",
    "wkv.head_size": "recurrent layers",
    "shortconv.l_cache": "recurrent layers",
    "kda.head_dim": "recurrent layers",
    "attention.indexer.key_length": "an indexer",
}
"""Keys of what keeps a state instead of keys and values, or keys of its own beside them."""


def read(path: Path) -> Model:
    """The model in the file `path`, which is not loaded; its weights take what the file takes.

    Raises InvalidInput for what is no GGUF, cut off, one part of several, or keeps more than keys and values.
    """
    from gguf import GGUFReader

    _must_begin_like_one(path)
    try:
        metadata = _Metadata(path, GGUFReader(path))
        return metadata.model()
    except (ValueError, IndexError, KeyError, OverflowError):
        # What the library meets in a file that ends before its last tensor, or that was damaged.
        fix = "download it again"
        raise _refused(path, "cut off or damaged", "its tensors must all be there", fix) from None


def _must_begin_like_one(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(MAGIC))
    except OSError as error:
        problem = Problem(shown(path), str(error.strerror).lower(), "names a GGUF file", "check the path")
        raise InvalidInput(problem) from None
    if magic != MAGIC:
        raise _refused(path, "no GGUF file", f"a model file begins with {MAGIC.decode()}", "take a .gguf file")


def _refused(path: Path, given: str, rule: str, fix: str) -> InvalidInput:
    return InvalidInput(Problem(shown(path), given, rule, fix))


class _Metadata:
    """The file's keys, those of the architecture without its name before them."""

    def __init__(self, path: Path, reader: "GGUFReader") -> None:
        self.path = path
        self.reader = reader
        self.architecture = str(self._value("general.architecture"))

    def _value(self, key: str) -> Any:
        field = self.reader.get_field(key)
        return None if field is None else field.contents()

    def need(self, key: str) -> Any:
        value = self.get(key)
        if value is None:
            rule, fix = "its memory follows from this key", "take one that llama.cpp's converter wrote"
            raise _refused(self.path, f"no {self.architecture}.{key}", rule, fix)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        value = self._value(f"{self.architecture}.{key}")
        return default if value is None else value

    def model(self) -> Model:
        parts = self._value("split.count") or 1
        if parts > 1:
            rule, fix = "all parts must be one file", f"llama-gguf-split --merge {self.path.name} whole.gguf"
            raise _refused(self.path, f"one of {parts} parts", rule, fix)
        for key, what in NOT_COUNTED.items():
            if self.get(key):
                rule, fix = f"the memory of {what} is not known", "take a model with attention alone"
                raise _refused(self.path, self.architecture, rule, fix)
        layers, hidden = int(self.need("block_count")), int(self.need("embedding_length"))
        heads = _widest(self.need("attention.head_count"))
        key_length = int(self.get("attention.key_length", hidden // heads))
        value_length = int(self.get("attention.value_length", hidden // heads))
        return Model(
            name=self.path.stem,
            architecture=self.architecture,
            embedding=self.get("attention.causal") is False,
            layers=layers,
            hidden=hidden,
            feed_forward=self._feed_forward(),
            heads=heads,
            kv_heads=_each(self.get("attention.head_count_kv", heads)),
            # Windowed layers may have heads of their own size; the larger is counted for all.
            key_length=max(key_length, int(self.get("attention.key_length_swa", 0))),
            value_length=max(value_length, int(self.get("attention.value_length_swa", 0))),
            window=self._window(),
            latent=self._latent(),
            vocabulary=self._vocabulary(),
            context=int(self.need("context_length")),
            quantizations=(Quantization(name=self._quantization(), bytes=self.path.stat().st_size),),
        )

    def _feed_forward(self) -> int:
        """Of the widest layer: a dense one, or all the experts at work at once."""
        used = _widest(self.get("expert_used_count", 0)) + _widest(self.get("expert_shared_count", 0))
        experts = used * _widest(self.get("expert_feed_forward_length", 0))
        return max(_widest(self.get("feed_forward_length", 0)), experts, 1)

    def _window(self) -> Window | None:
        tokens = int(self.get("attention.sliding_window", 0))
        if not tokens:
            return None
        pattern = self.get("attention.sliding_window_pattern")
        if isinstance(pattern, list):
            return Window(tokens=tokens, layers=tuple(bool(windowed) for windowed in pattern))
        every = int(pattern or FULL_EVERY.get(self.architecture, 1))
        return Window(tokens=tokens, full_every=every)

    def _latent(self) -> Latent | None:
        """Only where the file was converted for it; older files keep every head's keys and values."""
        if not self.get("attention.key_length_mla") or not self.get("attention.value_length_mla"):
            return None
        rank, rope = self.need("attention.kv_lora_rank"), self.need("rope.dimension_count")
        return Latent(kv_lora_rank=int(rank), rope_dimensions=int(rope))

    def _vocabulary(self) -> int:
        size = self.get("vocab_size")
        if size is not None:
            return int(size)
        tokens = self.reader.get_field("tokenizer.ggml.tokens")
        return int(self.need("vocab_size")) if tokens is None else len(tokens.data)

    def _quantization(self) -> str:
        from gguf import LlamaFileType

        kind = self._value("general.file_type")
        known = {int(member): member.name.removeprefix("MOSTLY_").removeprefix("ALL_") for member in LlamaFileType}
        return known.get(kind, "unnamed") if kind is not None else "unnamed"


def _widest(value: Any) -> int:
    """Of a number for all layers, or one for each."""
    return max(map(int, value)) if isinstance(value, list) else int(value)


def _each(value: Any) -> int | tuple[int, ...]:
    return tuple(map(int, value)) if isinstance(value, list) else int(value)
