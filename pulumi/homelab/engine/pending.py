"""What a killed engine was in the middle of, settled before the next run, so that nothing is orphaned or doubled.

The state names each operation that had begun and not ended: its object may have been changed, or not. Each becomes
a resource whose inputs are those before and those wanted in one, under a mark that no object has. A refresh asks
the server: what is not there is forgotten, so `up` makes it; what is there keeps the inputs that it really has, so
`up` undoes or applies whatever differs. Should the refresh be killed too, the mark alone is a difference. What the
program no longer has is known again, and deleted.
"""

import json
from collections.abc import Mapping
from typing import Any

KUBERNETES = "kubernetes:"
MARK = "homelab/interrupted"
"""An annotation in the state alone."""

SIGNATURE = (
    "4dabf18193072939515e22adb298388d"  # the key of a typed value, a secret; pulumi sdk/go/common/resource/sig
)
UNSEEN = "stringData"
"""The server keeps it as data and never shows it again: only another apply makes sure of it."""


def settled(exported: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The exported deployment without pending operations, and the URNs that a refresh must look at."""
    deployment = dict(exported["deployment"])
    resources = [dict(one) for one in deployment.get("resources") or ()]
    urns: list[str] = []
    for operation in deployment.pop("pending_operations", None) or ():
        pending = operation["resource"]
        if not pending["type"].startswith(KUBERNETES):
            continue  # providers and components: nothing of theirs lies in the cluster
        urns.append(pending["urn"])
        resources = _known(resources, pending, creating=operation["type"] == "creating")
    deployment["resources"] = resources
    return {**exported, "deployment": deployment}, tuple(dict.fromkeys(urns))


def _known(resources: list[dict[str, Any]], pending: Mapping[str, Any], *, creating: bool) -> list[dict[str, Any]]:
    if creating:
        inputs = _marked(pending["inputs"])
        made = {**pending, "id": _identifier(inputs), "inputs": inputs, "outputs": inputs}
        if all(one["urn"] != pending["urn"] for one in resources):
            return [*resources, made]
        # A replacement, whose old object was deleted before: its entry gives way, where others depend on it.
        return [made if one["urn"] == pending["urn"] else one for one in resources]
    return [
        {**one, "inputs": _marked(_both(one["inputs"], pending["inputs"]))}
        if one["urn"] == pending["urn"] and one.get("id") == pending.get("id")
        else one
        for one in resources
    ]


def _marked(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What Kubernetes changes in no object, such as a Job's pods, stays: by it `up` knows what to make anew."""
    metadata = inputs["metadata"]
    annotations = {**(metadata.get("annotations") or {}), MARK: "true"}
    seen = {key: value for key, value in inputs.items() if key != UNSEEN}
    return {**seen, "metadata": {**metadata, "annotations": annotations}}


def _both(before: Any, wanted: Any) -> Any:
    """Every field of either; where both have one, as it was wanted."""
    if isinstance(before, dict) and isinstance(wanted, dict) and SIGNATURE not in {*before, *wanted}:
        added = {key: _both(before[key], value) if key in before else value for key, value in wanted.items()}
        return {**before, **added}
    if isinstance(before, list) and isinstance(wanted, list) and len(before) == len(wanted):
        return [_both(one, other) for one, other in zip(before, wanted, strict=True)]
    return wanted


def _identifier(inputs: Mapping[str, Any]) -> str:
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def pending(state: str) -> bool:
    """Whether the text of a state file names operations that did not end."""
    latest = json.loads(state)["checkpoint"].get("latest") or {}
    return bool(latest.get("pending_operations"))
