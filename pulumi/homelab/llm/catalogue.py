"""The models that are known by name: `profiles/models/*.yaml`."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from homelab.document import meant, read
from homelab.errors import InvalidInput, Problem
from homelab.llm import gguf_file
from homelab.llm.model import Model

MODELS = Path(__file__).parents[3] / "profiles/models"

GGUF = ".gguf"
"""How the name of a file of one's own ends."""


def names(folder: Path = MODELS) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def load(name: str, beside: Path, folder: Path = MODELS) -> Model:
    """The known model `name`, or the one in the GGUF file of that path, which begins in the folder `beside`.

    Raises InvalidInput for an unknown name and for a file that cannot be used.
    """
    if name.endswith(GGUF):
        return gguf_file.read(beside / Path(name).expanduser())
    if name not in names(folder):
        raise InvalidInput(Problem("model", name, "no such model", meant(name, names(folder))))
    return _known(folder / f"{name}.yaml")


def load_all(wanted: Sequence[str], beside: Path) -> tuple[Model, ...]:
    return tuple(load(name, beside) for name in wanted)


@cache
def _known(path: Path) -> Model:
    return read(path, Model)
