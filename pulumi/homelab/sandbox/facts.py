"""The sandbox as a lab: its lab.yaml, and the facts of its nodes from a real audit of this machine."""

import json
import math
from pathlib import Path
from typing import Any

import yaml

from homelab import planner
from homelab.audit import run
from homelab.consumers import LOCAL
from homelab.errors import AuditFailed, StaleFacts
from homelab.facts import Facts
from homelab.lab import load
from homelab.local.record import write_whole
from homelab.sandbox import kubeconfig
from homelab.sandbox.layout import Sandbox
from homelab.sandbox.node import memory_mib

WHOLE = (*LOCAL, "collector", "context-forge", "promptfoo")
"""What one node runs: all that has an image of ours. OpenObserve's is its vendor's, so it is left out by name."""

STATEFUL_ONCE = ("postgres", "oxigraph", "litellm", "embedder", "api")
"""What the first of three nodes runs alone."""

EVERYWHERE = ("nats", "garage", "extract", "graph", "chunk", "embed")
"""What each of three nodes runs: nodes two and three hold neither Postgres nor Oxigraph, so they may die."""


def write_lab(sandbox: Sandbox) -> None:
    """Written once: a person may change it."""
    if sandbox.lab.exists():
        return
    first, *others = sandbox.nodes
    hosts: dict[str, Any] = {first.name: {"address": "local", "facts_dir": str(sandbox.root / "facts.d")}}
    hosts[first.name]["place"] = [*STATEFUL_ONCE, *EVERYWHERE] if others else [*WHOLE]
    if others:
        hosts |= {node.name: {"address": str(node.address), "place": [*EVERYWHERE]} for node in others}
    document = {
        "version": 1,
        "profile": "sandbox",
        "hosts": hosts,
        "cluster": {
            "context": kubeconfig.CONTEXT,
            "kubeconfig": sandbox.kubeconfig.name,
            "nodes": {node.name: node.name for node in sandbox.nodes},
            "volumes": _held(sandbox),
        },
        "local": {"data_dir": "local"},
    }
    head = "# The lab that `./lab sandbox-up` made of this machine: HOMELAB_FILE=.sandbox/lab.yaml ./lab …\n"
    write_whole(sandbox.lab, head + yaml.safe_dump(document, sort_keys=False))


def ensure(sandbox: Sandbox) -> bool:
    """Measure unless every node's facts can be used as they are; whether it did. Raises AuditFailed."""
    try:
        planner.measured(load(sandbox.lab))
    except StaleFacts:
        measure(sandbox)
        return True
    return False


def measure(sandbox: Sandbox) -> None:
    """Audit this machine as the first node; several nodes have equal parts of what was found.

    Raises AuditFailed.
    """
    first = sandbox.nodes[0]
    whole = sandbox.lab if len(sandbox.nodes) == 1 else _whole_machine(sandbox)
    lab = load(whole)
    outcome = run.audit(lab, [first.name])
    if outcome.problems:
        raise AuditFailed(*outcome.problems)
    if whole == sandbox.lab:
        return
    measured = json.loads((lab.facts_dir / f"{first.name}.json").read_text())
    folder = load(sandbox.lab).facts_dir
    folder.mkdir(exist_ok=True)
    for node in sandbox.nodes:
        facts = part(measured, node.name, node.parts, memory_mib(node) or 0)
        text = json.dumps(facts, indent=2) + "\n"
        Facts.model_validate_json(text)  # what is written must be readable
        (folder / f"{node.name}.json").write_text(text)


def _whole_machine(sandbox: Sandbox) -> Path:
    """A lab of the machine alone, apart: what is divided must not be divided again at the next audit."""
    path = sandbox.root / "machine/lab.yaml"
    path.parent.mkdir(exist_ok=True)
    hosts = {sandbox.nodes[0].name: {"address": "local", "facts_dir": str(sandbox.root / "facts.d")}}
    cluster = {"context": kubeconfig.CONTEXT, "volumes": _held(sandbox)}
    path.write_text(yaml.safe_dump({"version": 1, "hosts": hosts, "cluster": cluster}, sort_keys=False))
    return path


def _held(sandbox: Sandbox) -> str:
    """Volumes and images of all nodes: each node plans with its part of them, whoever holds them now."""
    return str(sandbox.root / "machines")


def part(whole: dict[str, Any], host: str, parts: int, memory: int) -> dict[str, Any]:
    """The facts of one of `parts` equal nodes of a machine: memory, cores and free disk are divided."""
    facts: dict[str, Any] = json.loads(json.dumps(whole))
    measured = facts["homelab"]
    facts["host"] = measured["host"] = host
    measured["total_ram_mb"] = memory
    measured["available_ram_mb"] = min(memory, measured["available_ram_mb"] // parts)
    measured["cpu_cores"] = max(1, math.floor(measured["cpu_cores"] / parts))
    for disk in facts["storage_performance"]["devices"]:
        disk["size_bytes"] //= parts
    for mount in facts["storage_performance"]["mounts"]:
        # What others use is the machine's: a node's disk is its part of what is free or the sandbox's own.
        own = ("free_bytes", "platform_bytes", "image_bytes", "model_bytes")
        for key in own:
            mount[key] //= parts
        mount["size_bytes"] = max(1, sum(mount[key] for key in own))
    facts["warnings"] = [
        *facts["warnings"],
        {
            "probe": "sandbox",
            "message": f"one of {parts} nodes on one machine, which has {whole['homelab']['total_ram_mb']} MiB",
            "default": memory,
        },
    ]
    return facts
