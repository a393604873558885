"""How hardware is spent: `profiles/*.yaml`, read once; each number keeps its file and key for `explain`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from homelab.document import Document, broken
from homelab.document.source import parse
from homelab.document.wording import problems_of
from homelab.errors import InvalidInput
from homelab.figure import Figure, given
from homelab.llm import Cache, Wish

PROFILES = Path(__file__).parents[2] / "profiles"

Percent = Annotated[int, Field(ge=0, le=100)]
Mib = Annotated[int, Field(ge=1)]
Cpu = Annotated[str, StringConstraints(pattern=r"^\d+(%|m)$")]
"""`30%` of the cores or `250m`."""


class Applies(Document):
    """When `profile: auto` takes this profile, or when an overlay is laid over it."""

    ram_above_mib: Mib | None = None
    ram_below_mib: Mib | None = None
    flag: str | None = Field(default=None, description="a processor flag, as in the facts")


class Reserve(Document):
    memory_percent: Percent
    cpu_percent: Percent


class Headroom(Document):
    percent: Percent
    proportional_until_mib: Mib
    flat_mib: Mib
    flat_from_mib: Mib


class Growth(Document):
    first: tuple[str, ...]
    halves_with_burst: str


class CpuShare(Document):
    request: Cpu
    limit: Cpu


class Consumer(Document):
    """`percent` of RAM or `target` MiB, never below `floor`; a burst consumer lives between floor and ceiling."""

    kind: Literal["service", "burst", "job", "model"]
    floor: Mib
    percent: Percent | None = None
    target: Mib | None = None
    ceiling: Mib | None = None
    replicas: Annotated[int, Field(ge=1)] = 1
    replicas_few_cores: Annotated[int, Field(ge=1)] = 1
    by_hand: bool = Field(default=False, description="never placed unless lab.yaml names it")
    cpu: CpuShare

    @model_validator(mode="after")
    def _burst_has_a_ceiling(self) -> Self:
        if (self.kind == "burst") is not (self.ceiling is not None):
            raise broken("a burst consumer, and no other, has a ceiling", "give it one, or another kind")
        if self.ceiling is not None and self.ceiling < self.floor:
            raise broken(f"its ceiling is below its floor of {self.floor} MiB", "raise the ceiling")
        return self


class ModelRules(Document):
    """How llama-server and ollama spend what the rest leaves them; their floors are their processes alone."""

    memory_percent: Percent
    slots: Annotated[int, Field(ge=1)]
    context: Annotated[int, Field(ge=1)]
    caches: Annotated[tuple[Cache, ...], Field(min_length=1)]
    serve: Mapping[str, Annotated[tuple[str, ...], Field(min_length=1)]]

    @property
    def wish(self) -> Wish:
        return Wish(self.slots, self.context, self.caches)


class Autoscale(Document):
    cpu: Percent
    cpu_few_cores: Percent
    memory: Percent
    memory_small_ram: Percent
    small_ram_mib: Mib


class CpuRules(Document):
    requests_percent_max: Percent


class StorageRules(Document):
    free_percent: Percent
    fixed_gib: Mapping[str, Mib]
    fixed_percent_max: Percent
    shares_percent: Mapping[str, Percent]
    hdd_shares_percent: Mapping[str, Percent]


class Embedding(Document):
    batch: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    cores_per_thread: Annotated[int, Field(ge=0)]


class Rules(Document):
    name: str
    version: Literal[1]
    extends: str | None = None
    overlay: bool = False
    applies: Applies = Applies()
    reserve: Reserve
    headroom: Headroom
    growth: Growth
    consumers: Mapping[str, Consumer]
    models: ModelRules
    few_cores: Annotated[int, Field(ge=1)]
    autoscale: Autoscale
    cpu: CpuRules
    storage: StorageRules
    embedding: Embedding


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


def load(name: str, *, ram_mib: int, flags: tuple[str, ...] = (), folder: Path = PROFILES) -> Profile:
    """The profile `name` (`auto`: the one for this much RAM) under the overlays that the processor allows.

    Raises InvalidInput with every problem of the first file that has any.
    """
    layers = _layers(folder)
    bases = [layer for layer in layers.values() if not layer.overlay]
    if name == "auto":
        name = next((layer.name for layer in bases if layer.fits(ram_mib, flags)), "default")
    chain = [layers[name]]
    while (parent := chain[0].extends) is not None:
        chain.insert(0, layers[parent])
    chain += [layer for layer in layers.values() if layer.overlay and layer.fits(ram_mib, flags)]
    return _stack(name, tuple(chain))


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """One file as written; only what it says."""

    name: str
    path: Path
    data: dict[str, Any]
    applies: Applies

    @classmethod
    def read(cls, path: Path) -> Self:
        source = parse(path)
        if source.problems or not isinstance(source.data, dict):
            raise InvalidInput(*(problem for _, problem in source.problems))
        try:
            applies = Applies.model_validate(source.data.get("applies", {}))
        except ValidationError as error:
            raise InvalidInput(*(problem for _, problem in problems_of(error, Applies, source))) from None
        return cls(path.stem, path, source.data, applies)

    @property
    def overlay(self) -> bool:
        return bool(self.data.get("overlay", False))

    @property
    def extends(self) -> str | None:
        return self.data.get("extends")

    def fits(self, ram_mib: int, flags: tuple[str, ...]) -> bool:
        rule = self.applies
        asked = (
            rule.ram_above_mib is None or ram_mib > rule.ram_above_mib,
            rule.ram_below_mib is None or ram_mib < rule.ram_below_mib,
            rule.flag is None or rule.flag in flags,
        )
        return rule != Applies() and all(asked)


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
            raise InvalidInput(*(p for _, p in problems_of(error, Rules, parse(layer.path)))) from None
    return Profile(name, rules, files)


def _lay(over: dict[str, Any], under: dict[str, Any], files: dict[str, str], name: str, prefix: str) -> None:
    for key, value in over.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict) and isinstance(under.get(key), dict | None):
            _lay(value, under.setdefault(key, {}), files, name, f"{path}.")
        else:
            under[key] = value
            files[path] = name
