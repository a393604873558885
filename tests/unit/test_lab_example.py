"""lab.example.yaml is the manual: every key of the model stands in it, explained, with the model's own default."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from homelab.consumers import CONSUMERS
from homelab.lab import EXAMPLE, Lab, load

SETTING = re.compile(r"^(?P<indent> *)(?P<off>#?)(?P<key>[a-z][a-z_-]*):")


def uncommented() -> str:
    """The example with every key switched on: a '#' without a space behind it is taken away."""
    return re.sub(r"(?m)^( *)#(?=[^ #\n])", r"\1", EXAMPLE.read_text("utf-8"))


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Dotted keys at and below `model`, `*` standing for any host's name."""
    for name, field in model.model_fields.items():
        here = f"{path}{field.alias or name}"
        yield here, field
        for inner in models_in(field.annotation):
            yield from keys_of(inner, f"{here}.*." if here == "hosts" else f"{here}.")


def documented() -> dict[str, str]:
    """Dotted key → the comment on its line and the block of comments above it; keys in a row share a block."""
    found: dict[str, str] = {}
    stack: list[tuple[int, str]] = []
    block: list[str] = []
    keys_follow = False
    for line in EXAMPLE.read_text("utf-8").splitlines():
        match = SETTING.match(line)
        if match:
            indent = len(match["indent"])
            stack = [*((depth, key) for depth, key in stack if depth < indent), (indent, match["key"])]
            path = re.sub(r"^hosts\.[a-z-]+", "hosts.*", ".".join(key for _, key in stack))
            found.setdefault(path, " ".join([*block, line.partition("  # ")[2]]))
        elif line.lstrip().startswith("# ") and not keys_follow:
            block.append(line.strip(" #"))
        else:
            block = [line.strip(" #")] if line.lstrip().startswith("# ") else []
        keys_follow = match is not None
    return found


KEYS = dict(keys_of(Lab))


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented(key: str) -> None:
    assert documented().get(key, "").strip() or any(models_in(KEYS[key].annotation))


@pytest.mark.parametrize("key", [key for key in KEYS if not any(models_in(KEYS[key].annotation))])
def test_the_default_that_the_manual_states_is_the_models(key: str) -> None:
    text, field = documented()[key], KEYS[key]
    stated = re.search(r"Default: ([^\s,]+?)[.,]?(\s|$)", text)
    if field.default is PydanticUndefined:
        assert "Required" in text
        assert stated is None
    else:
        assert stated is not None
        default = str(field.default) if isinstance(field.default, Path) else field.default
        assert yaml.safe_load(stated[1]) == default


def test_the_manual_documents_no_key_that_does_not_exist() -> None:
    assert set(documented()) - {"hosts.*"} == set(KEYS)


def test_the_example_places_exactly_what_runs_locally_when_nothing_is_placed() -> None:
    desktop = load(EXAMPLE).hosts["desktop"]
    assert desktop.placed == desktop.model_copy(update={"place": None}).placed


def test_the_example_means_the_same_as_a_lab_of_nothing_but_one_local_host(tmp_path: Path) -> None:
    bare = tmp_path / "lab.yaml"
    bare.write_text("version: 1\nhosts: {desktop: {address: local}}\n")
    example, least = load(EXAMPLE), load(bare)
    assert example.hosts["desktop"].placed == least.hosts["desktop"].placed
    assert example.models == least.models
    assert example.documents == least.documents
    assert example.local.ports == least.local.ports


def test_every_key_switched_on_is_a_lab_too(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(uncommented())
    lab = load(path)
    assert list(lab.hosts) == ["desktop", "gpu"]
    assert lab.models.chat is not None


def test_the_manual_names_every_consumer() -> None:
    assert set(CONSUMERS) <= set(re.findall(r"[a-z][a-z-]*", EXAMPLE.read_text("utf-8")))


def test_the_manual_fits_100_columns() -> None:
    assert max(len(line) for line in EXAMPLE.read_text("utf-8").splitlines()) <= 100
