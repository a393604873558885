"""Manifests as plain mappings, and where in each of them pods and containers are described."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from homelab.policy.violation import Violation

Manifest = Mapping[str, Any]
Manifests = Sequence[Manifest]

_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
    "PodTemplate": ("template",),
}
"""Kind → where its pod template is."""


def at(value: Any, *keys: str) -> Any:
    """The value below `keys`; None where one of them is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def many(value: Any) -> Sequence[Any]:
    """A list, also where there is none."""
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def name_of(manifest: Manifest) -> str:
    return str(at(manifest, "metadata", "name") or "without a name")


NAME = "app.kubernetes.io/name"
"""The label of a workload's pods by which Services and network policies choose them."""


def workload_of(manifest: Manifest) -> str:
    """The ledger's name for it. A Job is made anew when it changes, so a hash may follow its app's name."""
    name, app = name_of(manifest), at(manifest, "spec", "template", "metadata", "labels", NAME)
    return str(app) if manifest.get("kind") == "Job" and app and name.startswith(f"{app}-") else name


def title(manifest: Manifest) -> str:
    return f"{manifest.get('kind')}/{name_of(manifest)}"


def breach(manifest: Manifest, rule: str, path: str, given: str, why: str, fix: str) -> Violation:
    return Violation(rule, title(manifest), path, given, why, fix)


@dataclass(frozen=True, slots=True)
class Container:
    """`stage`: `main` and `sidecar` run as long as the pod, `init` before them, `ephemeral` by hand.

    `path` leads to it in its manifest, `place` in its pod's spec.
    """

    stage: Literal["main", "sidecar", "init", "ephemeral"]
    path: str
    place: str
    spec: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.spec.get("name") or "without a name")


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod template within `manifest`; `path` leads to its spec."""

    manifest: Manifest
    path: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def containers(self) -> Iterator[Container]:
        for key, stage in _LISTS:
            for number, spec in enumerate(many(self.spec.get(key))):
                sidecar = key == "initContainers" and spec.get("restartPolicy") == "Always"
                place = f"{key}[{number}]"
                yield Container("sidecar" if sidecar else stage, f"{self.path}.{place}", place, spec)

    def breach(self, rule: str, path: str, given: str, why: str, fix: str) -> Violation:
        return breach(self.manifest, rule, f"{self.path}.{path}" if path else self.path, given, why, fix)


_LISTS: tuple[tuple[str, Literal["main", "init", "ephemeral"]], ...] = (
    ("initContainers", "init"),
    ("containers", "main"),
    ("ephemeralContainers", "ephemeral"),
)


def pods(manifests: Manifests) -> Iterator[Pod]:
    """Every pod template, one for each manifest that has one."""
    for manifest in manifests:
        keys = _TEMPLATES.get(str(manifest.get("kind")))
        if keys is None:
            continue
        template = at(manifest, *keys) if keys else manifest
        spec = at(template, "spec") or {}
        labels, annotations = (at(template, "metadata", key) or {} for key in ("labels", "annotations"))
        yield Pod(manifest, ".".join((*keys, "spec")), labels, annotations, spec)


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every text in a manifest, keys of mappings included in the path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence):
        for number, inner in enumerate(value):
            yield from strings(inner, f"{path}[{number}]")
