"""Objects between the engine and the server: what is refused, how they are named, what comes back."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes_stand_in.values import SIGNATURE, marked, plain, secret_paths

UNSUPPORTED = ("kubernetes:helm.sh/", "kubernetes:yaml", "kubernetes:kustomize")
AUTONAMED = "pulumi.com/autonamed"  # the annotation of a name that nobody chose, as in Pulumi's own plugin


def refusals(token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(property, reason) of everything that the stand-in does not do."""
    if token.startswith(UNSUPPORTED) or token.endswith(("Patch", "List")):
        yield "", f"{token} needs Pulumi's own Kubernetes plugin; this is a stand-in for it"
        return
    for key in ("apiVersion", "kind"):
        if not isinstance(inputs.get(key), str):
            yield key, "must be given"
    if not isinstance(inputs.get("metadata") or {}, Mapping):
        yield "metadata", "must be a mapping"


def named(inputs: Mapping[str, Any], old: Mapping[str, Any], logical: str, seed: bytes) -> dict[str, Any]:
    """With a name: the one given, else the one made before, else the logical name and 8 hex digits."""
    metadata = dict(plain(inputs.get("metadata") or {}))
    if metadata.get("name"):
        return dict(inputs)
    before = old.get("metadata", {})
    chosen = (before.get("annotations") or {}).get(AUTONAMED) == "true"
    name = before["name"] if chosen else f"{logical.lower()}-{hashlib.sha256(seed).hexdigest()[:8]}"
    annotations = {**(metadata.get("annotations") or {}), AUTONAMED: "true"}
    return {**inputs, "metadata": {**metadata, "name": name, "annotations": annotations}}


def returned(live: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The object as the server has it, secret wherever its input was, and every value of a Secret."""
    paths = set(secret_paths(inputs))
    if live.get("kind") == "Secret" and live.get("apiVersion") == "v1":
        paths |= {("data",), ("stringData",)}
    made: dict[str, Any] = marked(live, frozenset(paths))
    return made


def observed(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with the values that the server has now; what it has beside them is not an input."""
    made = {key: _observed(value, live.get(key)) for key, value in inputs.items()}
    if "stringData" in inputs:
        made["stringData"] = inputs["stringData"]  # the server keeps it as data, and never shows it again
    return {key: value for key, value in made.items() if value is not None}


def _observed(given: Any, live: Any) -> Any:
    if isinstance(given, Mapping) and SIGNATURE in given:
        seen = _observed(given["value"], live)
        return seen if seen is None else {**given, "value": seen}
    if isinstance(given, Mapping) and isinstance(live, Mapping):
        shown = {key: _observed(value, live.get(key)) for key, value in given.items()}
        return {key: value for key, value in shown.items() if value is not None}
    if isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        return [_observed(one, other) for one, other in zip(given, live, strict=True)]
    return live
