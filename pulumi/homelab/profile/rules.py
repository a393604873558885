"""What a profile may say: shares, floors, targets and the order in which what is left is given out."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from homelab.document import Document, broken, broken_at, meant
from homelab.llm import Cache, Wish

Percent = Annotated[int, Field(ge=0, le=100)]
Mib = Annotated[int, Field(ge=1)]


def _of_cores(text: str) -> str:
    if re.fullmatch(r"[1-9]\d*[%m]", text) is None:  # a container with a limit of nothing does not start
        raise broken("a share of the cores (30%) or millicores (250m)", "write it such as 250m")
    return text


COGNEE_FLOOR_MIB = 2048
"""MiB: the limit of Cognee's own chart. Its libraries alone pass the own builder's floor: 350 once imported."""

Cpu = Annotated[str, AfterValidator(_of_cores)]
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

    @model_validator(mode="after")
    def _slope_rises(self) -> Self:
        if self.flat_from_mib <= self.proportional_until_mib:
            rule = f"the slope between them begins at {self.proportional_until_mib} MiB"
            raise broken_at((("flat_from_mib",), self.flat_from_mib, broken(rule, "raise it")))
        return self


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


class GraphRules(Document):
    """Who reads entities and relations for the graph: the platform's own question to the model, or Cognee."""

    engine: Literal["own", "cognee"]


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
    settle_seconds: Annotated[int, Field(ge=0, le=3600)]


class CpuRules(Document):
    requests_percent_max: Percent


class StorageRules(Document):
    free_percent: Percent
    fixed_gib: Mapping[str, Mib]
    fixed_percent_max: Percent
    shares_percent: Mapping[str, Percent]
    hdd_shares_percent: Mapping[str, Percent]

    @field_validator("shares_percent", "hdd_shares_percent")
    @classmethod
    def _of_one_disk(cls, shares: Mapping[str, int]) -> Mapping[str, int]:
        total = sum(shares.values())
        if total > 100:
            raise broken("a disk has 100 %", f"take {total - 100} % away", given=f"{total} % together")
        return shares


class Embedding(Document):
    batch: Annotated[int, Field(ge=1)]
    threads: Annotated[int, Field(ge=1)]
    cores_per_thread: Annotated[int, Field(ge=0)]


class Rules(Document):
    name: str
    version: Literal[1]
    extends: str | None = None
    overlay: bool = False
    offered: bool = Field(default=True, description="whether a refusal may propose it as a way out")
    applies: Applies = Applies()
    reserve: Reserve
    headroom: Headroom
    growth: Growth
    consumers: Mapping[str, Consumer]
    graph: GraphRules
    models: ModelRules
    few_cores: Annotated[int, Field(ge=1)]
    autoscale: Autoscale
    cpu: CpuRules
    storage: StorageRules
    embedding: Embedding

    @model_validator(mode="after")
    def _growth_of_consumers(self) -> Self:
        known = list(self.consumers)
        named = [*((("growth", "first"), name) for name in self.growth.first)]
        named.append((("growth", "halves_with_burst"), self.growth.halves_with_burst))
        strangers = [
            (key, name, broken("no such consumer", meant(name, known))) for key, name in named if name not in known
        ]
        if strangers:
            raise broken_at(*strangers)
        return self

    @model_validator(mode="after")
    def _holds_the_engine(self) -> Self:
        graph = self.consumers.get("graph")
        if self.graph.engine == "cognee" and graph is not None and graph.floor < COGNEE_FLOOR_MIB:
            rule, fix = f"cognee needs {COGNEE_FLOOR_MIB} MiB", f"write floor: {COGNEE_FLOOR_MIB}"
            raise broken_at((("consumers", "graph", "floor"), graph.floor, broken(rule, fix)))
        return self
