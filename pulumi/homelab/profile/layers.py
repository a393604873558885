"""The files of `profiles/`, laid over each other; each number keeps its file and key for `explain`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from homelab.document import Document, meant
from homelab.document.source import Source, parse
from homelab.document.wording import problems_of
from homelab.errors import InvalidInput, Problem
from homelab.figure import Figure, given
from homelab.profile.rules import Applies, Rules

PROFILES = Path(__file__).parents[3] / "profiles"


class Head(Document):
    """What decides whether a file is laid on at all, and over which other."""

    applies: Applies = Applies()
    overlay: bool = False
    offered: bool = True
    extends: str | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """The rules in force, and the file that each key was last set in."""

    name: str
    rules: Rules
    files: Mapping[str, str]

    def source(self, key: str) -> str:
        """`profiles/default.yaml: consumers.postgres.percent`"""
        return f"profiles/{self.files[key]}.yaml: {key}"

    def given(self, key: str, value: int, unit: str, because: str) -> Figure:
        return given("profile", self.source(key), value, unit, because)


def names(folder: Path = PROFILES) -> list[str]:
    """Every profile and overlay that there is."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def bases(folder: Path = PROFILES) -> list[str]:
    """Those that stand alone: the names that lab.yaml may give."""
    return [name for name, layer in _layers(folder).items() if not layer.overlay]


def offered(folder: Path = PROFILES) -> list[str]:
    """Those of `bases` that suit any lab; the others are for one purpose, and never proposed."""
    return [name for name, layer in _layers(folder).items() if not layer.overlay and layer.head.offered]


def load(name: str, *, ram_mib: int, flags: tuple[str, ...] = (), folder: Path = PROFILES) -> Profile:
    """The profile `name` (`auto`: the one for this much RAM) under the overlays that the processor allows.

    Raises InvalidInput with every problem of the first file that has any.
    """
    layers = _layers(folder)
    bases = [layer for layer in layers.values() if not layer.overlay]
    if name == "auto":
        name = next((layer.name for layer in bases if layer.fits(ram_mib, flags)), "default")
    chain = _lineage(layers[name], layers)
    chain += [layer for layer in layers.values() if layer.overlay and layer.fits(ram_mib, flags)]
    return _stack(name, tuple(chain))


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """One file as written; only what it says."""

    name: str
    source: Source
    data: dict[str, Any]
    head: Head

    @classmethod
    def read(cls, path: Path) -> Self:
        source = parse(path)
        if source.problems:
            raise InvalidInput(*(problem for _, problem in source.problems))
        data = source.data
        if isinstance(data, dict):
            data = {key: value for key, value in data.items() if key in Head.model_fields}
        try:
            head = Head.model_validate_json(json.dumps(data))
        except ValidationError as error:
            raise InvalidInput(*(problem for _, problem in problems_of(error, Head, source))) from None
        return cls(path.stem, source, source.data, head)

    @property
    def overlay(self) -> bool:
        return self.head.overlay

    def fits(self, ram_mib: int, flags: tuple[str, ...]) -> bool:
        rule = self.head.applies
        asked = (
            rule.ram_above_mib is None or ram_mib > rule.ram_above_mib,
            rule.ram_below_mib is None or ram_mib < rule.ram_below_mib,
            rule.flag is None or rule.flag in flags,
        )
        return rule != Applies() and all(asked)


def _lineage(layer: _Layer, layers: Mapping[str, _Layer]) -> list[_Layer]:
    """The file and those that it extends, the oldest first. Raises InvalidInput when that leads nowhere."""
    chain = [layer]
    while (parent := chain[0].head.extends) is not None:
        child = chain[0]
        if parent not in layers:
            rule, fix = "no such profile", meant(parent, list(layers))
        elif layers[parent] in chain:
            rule, fix = "this leads back to itself", "extend default"
        else:
            chain.insert(0, layers[parent])
            continue
        raise InvalidInput(Problem(child.source.where(("extends",)), repr(parent), rule, fix))
    return chain


@cache
def _layers(folder: Path) -> Mapping[str, _Layer]:
    return {stem: _Layer.read(folder / f"{stem}.yaml") for stem in names(folder)}


@cache
def _stack(name: str, layers: tuple[_Layer, ...]) -> Profile:
    """Lay each file over those before it; a problem is always of the file laid on last."""
    data: dict[str, Any] = {}
    files: dict[str, str] = {}
    for layer in layers:
        _lay(layer.data, data, files, layer.name, "")
        try:
            rules = Rules.model_validate_json(json.dumps(data))
        except ValidationError as error:
            found = sorted(problems_of(error, Rules, layer.source), key=lambda one: one[0])
            raise InvalidInput(*(problem for _, problem in found)) from None
    return Profile(name, rules, files)


def _lay(over: dict[str, Any], under: dict[str, Any], files: dict[str, str], name: str, prefix: str) -> None:
    for key, value in over.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and isinstance(under.get(key), dict | None):
            _lay(value, under.setdefault(key, {}), files, name, f"{path}.")
        else:
            under[key] = value
            files[path] = name
