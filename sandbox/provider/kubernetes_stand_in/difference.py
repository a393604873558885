"""What changed between two sets of inputs, and which of it Kubernetes takes only in a new object."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes_stand_in.values import UNKNOWN, Path

IMMUTABLE: Mapping[tuple[str, str], tuple[Path, ...]] = {
    ("apps", "DaemonSet"): (("spec", "selector"),),
    ("apps", "Deployment"): (("spec", "selector"),),
    ("apps", "StatefulSet"): (
        ("spec", "podManagementPolicy"),
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "volumeClaimTemplates"),
    ),
    ("batch", "Job"): (("spec", "completions"), ("spec", "selector"), ("spec", "template")),
    ("", "PersistentVolumeClaim"): (
        ("spec", "accessModes"),
        ("spec", "selector"),
        ("spec", "storageClassName"),
        ("spec", "volumeName"),
    ),
    ("", "Secret"): (("type",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): (("parameters",), ("provisioner",)),
}
"""(group, kind) → fields that the API server lets nobody change. A change of any other field that it refuses ends
with its message."""

IDENTITY: tuple[Path, ...] = (("kind",), ("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is "add", "delete" or "update"; `replaces` says that only a new object can have it."""

    path: Path
    kind: str
    replaces: bool

    @property
    def text(self) -> str:
        """`spec.containers[0].env`, keys that are no names in brackets and quotes."""
        made = ""
        for step in self.path:
            if isinstance(step, int):
                made += f"[{step}]"
            elif step.replace("_", "a").isalnum():
                made += f".{step}" if made else step
            else:
                made += f'["{step}"]'
        return made


@dataclass(frozen=True, slots=True)
class Mutability:
    """Which changes of data are updates; the plugin's own settings, both off unless the program says otherwise."""

    config_maps: bool = False
    secrets: bool = False

    def fixed(self, inputs: Mapping[str, Any]) -> tuple[Path, ...]:
        group = _group(inputs)
        kind = str(inputs.get("kind", ""))
        data: tuple[Path, ...] = (("data",), ("binaryData",), ("stringData",))
        mutable = {"ConfigMap": self.config_maps, "Secret": self.secrets}.get(kind, True)
        if group or (mutable and inputs.get("immutable") is not True):
            data = ()
        return (*IDENTITY, *IMMUTABLE.get((group, kind), ()), *data)


def _group(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("apiVersion", "")).rpartition("/")[0]


def changes(old: Mapping[str, Any], new: Mapping[str, Any], mutability: Mutability) -> list[Change]:
    """Every changed field of the inputs, in the order of the new ones; both without the wrapping of secrets."""
    fixed = mutability.fixed(old)
    moved = _group(old) != _group(new)
    found = []
    for path, kind in _walk(old, new, ()):
        replaces = any(path[: len(one)] == one for one in fixed) or (path == ("apiVersion",) and moved)
        found.append(Change(path, kind, replaces))
    return found


_ABSENT = object()


def _walk(old: Any, new: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if old is _ABSENT or old is None:
        if new is not _ABSENT and new is not None:
            yield at, "add"
    elif new is _ABSENT or new is None:
        yield at, "delete"
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*new, *old]):
            yield from _walk(old.get(key, _ABSENT), new.get(key, _ABSENT), (*at, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from _walk(before, after, (*at, index))
    elif old != new or new == UNKNOWN:
        yield at, "update"
