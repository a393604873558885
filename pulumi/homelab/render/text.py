"""Manifests as YAML that a person reads: the same bytes for the same objects."""

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

ORDER = (
    "Namespace",
    "NetworkPolicy",
    "Secret",
    "ConfigMap",
    "Service",
    "EndpointSlice",
    "StatefulSet",
    "Cluster",
    "Deployment",
    "HorizontalPodAutoscaler",
    "ScaledObject",
    "PodDisruptionBudget",
    "Job",
)
"""As they could be applied; what is not named comes last."""

Manifest = Mapping[str, Any]


def ordered(manifests: Iterable[Manifest]) -> list[Manifest]:
    return sorted(manifests, key=_place)


def _place(manifest: Manifest) -> tuple[int, str, str]:
    kind: str = manifest["kind"]
    rank = ORDER.index(kind) if kind in ORDER else len(ORDER)
    return rank, kind, manifest["metadata"]["name"]


def file_name(manifest: Manifest) -> str:
    """`statefulset-nats.yaml`"""
    return f"{manifest['kind']}-{manifest['metadata']['name']}.yaml".lower()


class _Readable(yaml.SafeDumper):
    """Lines stay lines: configuration in a ConfigMap is read as it is in its file."""


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Readable.add_representer(str, _string)


def text(manifest: Manifest) -> str:
    head = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")}
    rest = {key: value for key, value in manifest.items() if key not in head}
    return yaml.dump({**head, **rest}, Dumper=_Readable, sort_keys=False, allow_unicode=True, width=110)
