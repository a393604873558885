"""The Kubernetes that the stacks are put on: which one, which machines are its nodes, what it stores with."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from homelab.document import Document, broken, broken_at
from homelab.lab.values import HostName, KeyFile, LabPath, Name, RemotePath


def _subdomain(name: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", name):
        raise broken("must be a name of Kubernetes", "see `kubectl get nodes,sc`")
    return name


def _registry(text: str) -> str:
    bare = text.partition("://")[2] or text
    if bare != text or bare.endswith("/"):
        raise broken("must be a host and a path, without scheme", f"write {bare.rstrip('/')}")
    if not re.fullmatch(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*", text):
        raise broken("must be a host and a path", "write such as registry.lan:5000/lab")
    return text


ObjectName = Annotated[str, AfterValidator(_subdomain)]
Registry = Annotated[str, AfterValidator(_registry)]


Operator = Literal["keda", "cloudnative-pg"]
"""What a person installed beside the platform, by the name of its chart."""


class Cluster(Document):
    """`nodes`: host of lab.yaml → its node's name; None means the local host under its own name."""

    context: Name = Field(examples=["rancher-desktop"])
    kubeconfig: LabPath | None = None
    nodes: Annotated[Mapping[HostName, ObjectName], Field(min_length=1)] | None = None
    storage_class: ObjectName | None = None
    volumes: RemotePath | None = None
    registry: Registry | None = None
    operators: tuple[Operator, ...] | None = None
    secrets: LabPath = Path("secrets")
    age_key_file: KeyFile | None = None

    @field_validator("nodes")
    @classmethod
    def _distinct(cls, nodes: Mapping[str, str] | None, info: ValidationInfo) -> Mapping[str, str] | None:
        """One node under two names would be given its memory twice."""
        seen: dict[str, str] = {}
        breaches = []
        for host, node in (nodes or {}).items():
            first = seen.setdefault(node, host)
            if first != host:
                breaches.append(((host,), node, broken(f"{first} is this node already", "keep one of them")))
        if breaches:
            raise broken_at(*breaches)
        return nodes
