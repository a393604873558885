"""`plan/1`: a plan for programs. Fields may be added, never renamed."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from homelab.budget import Disk, Line, Serving, Vram
from homelab.gates import judge
from homelab.llm import Step
from homelab.situation import HostPlan


def document(hosts: Sequence[HostPlan]) -> dict[str, Any]:
    return {"schema": "plan/1", "hosts": [_host(one) for one in hosts]}


def _host(one: HostPlan) -> dict[str, Any]:
    return {
        "name": one.name,
        "profile": one.profile.name,
        "total_mib": one.budget.total.value,
        "free_mib": one.budget.free_mib,
        "lines": [_line(line) for line in one.budget.lines],
        "models": [_serving(name, serving) for name, serving in one.budget.servings.items()],
        "vram": None if one.budget.vram is None else _vram(one.budget.vram),
        "disk": _disk(one.budget.disk),
        "settings": {name: spec.settings() for name, spec in one.specs.items()},
        "gates": [asdict(gate) for gate in judge(one.facts, one.budget)],
    }


def _serving(consumer: str, serving: Serving) -> dict[str, Any]:
    setup = serving.fit.setup
    return {
        "consumer": consumer,
        "pool": serving.pool,
        "memory_mib": serving.memory.value,
        "used_mib": setup.mib,
        "context": setup.context,
        "slots": setup.slots,
        "cache": setup.cache,
        "loaded_at_once": setup.at_once,
        "loads": [
            {
                "model": load.model.name,
                "quantization": load.quantization.name,
                "weights_bytes": load.need.weights,
                "cache_bytes": load.need.cache,
                "compute_bytes": load.need.compute,
            }
            for load in setup.loads
        ],
        "next": [_step(step) for step in serving.fit.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    disk = {} if step.gib is None else {"needs_disk_gib": step.gib}
    return {"step": step.what, "needs_mib": step.mib, **disk}


def _disk(disk: Disk) -> dict[str, Any]:
    shares = [{"use": use, "gib": share.value} for use, share in disk.shares.items()]
    return {"class": disk.storage_class, "mount": disk.mount, "total_gib": disk.total.value, "lines": shares}


def _vram(vram: Vram) -> dict[str, Any]:
    lines = [{"consumer": name, "limit_mib": share.value} for name, share in vram.shares.items()]
    return {
        "total_mib": vram.total.value,
        "kept_mib": vram.kept.value,
        "free_mib": vram.free_mib,
        "lines": lines,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "consumer": line.consumer,
        "kind": line.kind,
        "request_mib": line.request.value,
        "limit_mib": line.limit.value,
        "replicas_min": line.replicas_min,
        "replicas_max": line.replicas_max,
        "cpu_request_m": line.cpu_request.value,
        "cpu_limit_m": line.cpu_limit.value,
    }
