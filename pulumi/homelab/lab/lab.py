"""The whole of lab.yaml, and which file it is."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from homelab.document import Document, broken, broken_at, meant, read
from homelab.document.source import shown
from homelab.errors import InvalidInput, Problem
from homelab.lab.cluster import Cluster
from homelab.lab.host import Host
from homelab.lab.local import Local
from homelab.lab.models import Models
from homelab.lab.values import ROOT, HostName

EXAMPLE = ROOT / "lab.example.yaml"


class Documents(Document):
    max_mib: Annotated[int, Field(ge=1)] = 100
    """A document above this is refused by name before it is read."""


class Lab(Document):
    version: Literal[1] = Field(examples=[1])
    profile: str = "auto"
    facts_max_age_days: Annotated[int, Field(ge=1)] = 30
    hosts: Mapping[HostName, Host] = Field(min_length=1)
    models: Models = Models()
    documents: Documents = Documents()
    local: Local = Local()
    cluster: Cluster | None = None

    _path: Path = PrivateAttr(default=ROOT / "lab.yaml")

    @property
    def path(self) -> Path:
        """The file that this was read from; relative paths in it begin in its folder."""
        return self._path

    @property
    def facts_dir(self) -> Path:
        """The controller's folder of facts documents, one `<host>.json` each."""
        return self._path.parent / "facts"

    @property
    def nodes(self) -> Mapping[str, str]:
        """Host → the name of its node, for the hosts that are in the cluster; empty without one."""
        if self.cluster is None:
            return {}
        if self.cluster.nodes is None:
            return {name: name for name, host in self.hosts.items() if host.local}
        return self.cluster.nodes

    @field_validator("profile")
    @classmethod
    def _exists(cls, profile: str) -> str:
        files = sorted((ROOT / "profiles").glob("*.yaml"))
        whole = [path.stem for path in files if not re.search(r"(?m)^overlay: true", path.read_text("utf-8"))]
        known = ["auto", *whole]
        if profile not in known:
            raise broken("no such profile", meant(profile, known))
        return profile

    @field_validator("hosts")
    @classmethod
    def _distinct(cls, hosts: Mapping[str, Host]) -> Mapping[str, Host]:
        """One machine under two names would be given its memory twice."""
        seen: dict[tuple[str, int | None], str] = {}
        breaches = []
        for name, host in hosts.items():
            first = seen.setdefault((host.address.lower(), host.port), name)
            if first != name:
                rule, fix = f"{first} is this machine already", "keep one of them"
                breaches.append(((name, "address"), host.address, broken(rule, fix)))
        if breaches:
            raise broken_at(*breaches)
        return hosts

    @model_validator(mode="after")
    def _nodes_are_hosts(self) -> Self:
        strangers = [name for name in self.nodes if name not in self.hosts]
        if strangers:
            rule = "a node is a host of this file"
            raise broken_at(
                *(
                    (("cluster", "nodes", name), self.nodes[name], broken(rule, meant(name, list(self.hosts))))
                    for name in strangers
                )
            )
        return self

    def model_post_init(self, context: Any) -> None:
        if context:
            self._path = context["path"].resolve()


def load(path: Path | None = None) -> Lab:
    """The lab of `path`, else of $HOMELAB_FILE, else of lab.yaml at the repository's root, else the example's.

    Raises InvalidInput with every problem of the file.
    """
    named = os.environ.get("HOMELAB_FILE")
    if path is None and named:
        path = Path(named).expanduser()
    if path is not None:
        if not path.exists():
            fix = f"cp {shown(EXAMPLE)} {path}, or name another"
            raise InvalidInput(Problem(str(path), "no such file", "--lab and HOMELAB_FILE name a lab file", fix))
        return read(path, Lab)
    own = ROOT / "lab.yaml"
    return read(own if own.exists() else EXAMPLE, Lab)
