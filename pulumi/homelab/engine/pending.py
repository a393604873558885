"""What a killed engine was in the middle of, settled before the next run, so that nothing is orphaned or doubled.

The state names each operation that had begun and not ended: its object may have been changed, or not. Each
becomes a resource of which the state knows no more than kind and name. A refresh asks the server: what is not
there is forgotten, so `up` makes it; what is there has inputs unlike the program's, so `up` applies all of it,
which is the same whether or not the first try arrived. What the program no longer has is known again, and deleted.
"""

import json
from collections.abc import Mapping
from typing import Any

KUBERNETES = "kubernetes:"


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
        resources = _known_by_name(resources, pending, creating=operation["type"] == "creating")
    deployment["resources"] = resources
    return {**exported, "deployment": deployment}, tuple(dict.fromkeys(urns))


def _known_by_name(
    resources: list[dict[str, Any]], pending: Mapping[str, Any], *, creating: bool
) -> list[dict[str, Any]]:
    inputs = _identity(pending["inputs"])
    if creating:
        made = {**pending, "id": _identifier(inputs), "inputs": inputs, "outputs": inputs}
        if all(one["urn"] != pending["urn"] for one in resources):
            return [*resources, made]
        # A replacement, whose old object was deleted before: its entry gives way, where others depend on it.
        return [made if one["urn"] == pending["urn"] else one for one in resources]
    return [
        {**one, "inputs": inputs} if one["urn"] == pending["urn"] and one.get("id") == pending.get("id") else one
        for one in resources
    ]


def _identity(inputs: Mapping[str, Any]) -> dict[str, Any]:
    names = {key: inputs["metadata"][key] for key in ("name", "namespace") if key in inputs["metadata"]}
    return {"apiVersion": inputs["apiVersion"], "kind": inputs["kind"], "metadata": names}


def _identifier(inputs: Mapping[str, Any]) -> str:
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def pending(state: str) -> bool:
    """Whether the text of a state file names operations that did not end."""
    latest = json.loads(state)["checkpoint"].get("latest") or {}
    return bool(latest.get("pending_operations"))
