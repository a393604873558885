"""One machine of the lab: how it is reached and what is placed on it."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from homelab.consumers import CONSUMERS, LOCAL
from homelab.document import Document, broken, broken_at
from homelab.lab.values import Address, Consumer, ModelName, Name, Port, RemotePath


class Serve(Document):
    """The models of each server of models; what is None is the profile's choice."""

    model_config = ConfigDict(alias_generator=lambda name: name.replace("_", "-"), validate_by_name=True)

    llama_server: ModelName | None = Field(default=None, examples=["glm-4.7-flash"])
    ollama: Annotated[tuple[ModelName, ...], Field(min_length=1)] | None = None

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Consumer id → its models, where they were chosen."""
        alone = None if self.llama_server is None else (self.llama_server,)
        return {name: models for name, models in (("llama-server", alone), ("ollama", self.ollama)) if models}


class Host(Document):
    """`address` is 'local' or what ssh connects to; what is None was left to us."""

    address: Address = Field(examples=["local"])
    user: Name | None = Field(default=None, examples=["pi"])
    port: Port | None = Field(default=None, examples=[22])
    become: bool | None = None
    system: Literal["linux", "haos"] = "linux"
    facts_dir: RemotePath | None = Field(default=None, examples=["/etc/ansible/facts.d"])
    place: tuple[Consumer, ...] | None = None
    serve: Serve = Serve()

    @property
    def local(self) -> bool:
        return self.address == "local"

    @property
    def becomes(self) -> bool:
        """Whether Ansible uses sudo: unless said, on every Linux machine but this one."""
        return self.become if self.become is not None else not self.local and self.system == "linux"

    @property
    def placed(self) -> tuple[str, ...]:
        """The consumers on this host, in the ledger's order; unless said, what its kind of machine is for."""
        if self.place is not None:
            return tuple(sorted(self.place, key=CONSUMERS.index))
        if self.system == "haos":
            return ("timescaledb",)
        return LOCAL if self.local else ()

    @field_validator("place")
    @classmethod
    def _once(cls, place: tuple[str, ...] | None) -> tuple[str, ...] | None:
        twice = [name for name, times in Counter(place or ()).items() if times > 1]
        if twice:
            raise broken("a consumer is placed on a host once", f"keep one {twice[0]}", given=repr(twice[0]))
        return place

    @model_validator(mode="after")
    def _placed_where_it_serves(self) -> Self:
        idle = [(name, models[0]) for name, models in self.serve.chosen.items() if name not in self.placed]
        if idle:
            rule = "not placed on this host"
            raise broken_at(
                *((("serve", name), model, broken(rule, f"add {name} to place")) for name, model in idle)
            )
        return self

    @model_validator(mode="after")
    def _reached(self) -> Self:
        unused = [key for key in ("user", "port") if self.local and getattr(self, key) is not None]
        if unused:
            rule, fix = "a local host is not reached by ssh", "leave this key out"
            raise broken_at(*(((key,), getattr(self, key), broken(rule, fix)) for key in unused))
        return self
