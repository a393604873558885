"""What of the sandbox runs, and what it uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homelab.sandbox import boot, cgroups
from homelab.sandbox.api import Api
from homelab.sandbox.layout import Machine, Sandbox
from homelab.sandbox.waiting import states
from homelab.units import MIB


@dataclass(frozen=True, slots=True)
class ProgramState:
    machine: str
    program: str
    state: str
    pid: int | None
    """On this machine, not inside the sandbox's."""

    rss_mib: int | None
    restarts: int


@dataclass(frozen=True, slots=True)
class MachineState:
    """`memory_mib` of its programs and pods together; `ready` and `pods` are Kubernetes' view of a node."""

    name: str
    address: str
    runs: bool
    memory_mib: int | None
    limit_mib: int | None
    ready: bool | None
    pods: int | None


def programs(sandbox: Sandbox) -> list[ProgramState]:
    found = []
    for one in sandbox.machines:
        pids = _pids(one)
        for name, state in states(one).items():
            pid = pids.get(state.pid)
            rss = None if pid is None else _rss_mib(pid)
            found.append(ProgramState(one.name, name, state.state.lower(), pid, rss, state.restarts))
    return found


def machines(sandbox: Sandbox) -> list[MachineState]:
    api = Api(sandbox) if boot.first_process(sandbox.control) is not None else None
    pods = _pods(api)
    return [_machine(one, api if one != sandbox.control else None, pods) for one in sandbox.machines]


def _machine(one: Machine, api: Api | None, pods: Sequence[dict[str, Any]]) -> MachineState:
    runs = boot.first_process(one) is not None
    memory = cgroups.memory_bytes(one.name) if runs else None
    used, limit = memory if memory is not None else (None, None)
    return MachineState(
        one.name,
        str(one.address),
        runs,
        None if used is None else used // MIB,
        None if limit is None else limit // MIB,
        None if api is None else api.holds(f"/api/v1/nodes/{one.name}", "Ready"),
        None if api is None else sum(pod["spec"].get("nodeName") == one.name for pod in pods),
    )


def _pods(api: Api | None) -> list[dict[str, Any]]:
    found = api.get("/api/v1/pods") if api is not None else None
    return [pod for pod in (found or {}).get("items", ()) if pod["status"].get("phase") in ("Pending", "Running")]


def _pids(one: Machine) -> dict[int, int]:
    """Pid inside the machine → pid here, of its programs."""
    found = {}
    for pid in cgroups.system_processes(one.name):
        inside = boot.pids(pid)
        if len(inside) == 2:  # not of a pod, whose namespace is one deeper
            found[inside[1]] = pid
    return found


def _rss_mib(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS:")), None)
