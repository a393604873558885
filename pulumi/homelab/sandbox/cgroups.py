"""The sandbox's own cgroups: proof of which processes are its, and where a node's share of memory is a limit.

Every process of the sandbox lives below /homelab-sandbox in every hierarchy: the programs of a machine in
MACHINE/system, its pods in MACHINE/kubepods, which the kubelet makes.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from homelab.errors import Problem, SandboxError
from homelab.local.cgroup import Cgroup

ROOT = "homelab-sandbox"
SYSTEM = "system"
_WANTED = {"cpu", "cpuset", "hugetlb", "io", "memory", "pids"}
"""v2: all but `io` the kubelet asks for by name, if the machine has it, and does not start without."""


def hierarchies() -> list[Path]:
    """Where they are mounted: each of v1, and that of v2, which may be there beside them without controllers."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(mount) for _, mount, kind, *_ in mounts if kind in ("cgroup", "cgroup2")]


def read_only() -> list[Path]:
    """The hierarchies that are mounted so, as in a container; root may write to the others."""
    return [mount for mount in hierarchies() if not os.access(mount, os.W_OK)]


def create(machine: str, memory_mib: int | None) -> list[Path]:
    """Make the machine's groups; returns the files that a process joins by. `memory_mib` limits all of it.

    Raises SandboxError where the kernel refuses: a container's own group, say, which has processes in it.
    """
    try:
        return _create(machine, memory_mib)
    except OSError as error:
        rule, fix = "the sandbox has cgroups of its own", "run it on the machine itself, not in a container"
        where = str(error.filename or "/sys/fs/cgroup")  # a write, unlike an open, does not say of what
        raise SandboxError(Problem(where, error.strerror or "", rule, fix)) from error


def _create(machine: str, memory_mib: int | None) -> list[Path]:
    joins = []
    for mount in hierarchies():
        folder = mount
        for part in (ROOT, machine, SYSTEM):
            _hand_on(folder)
            folder = folder / part
            folder.mkdir(exist_ok=True)
            _inherit_cpuset(folder)
        joins.append(folder / "cgroup.procs")
    memory = _memory(machine)
    if memory_mib is not None and memory is not None:
        memory.limit(memory_mib)
    return joins


def path(machine: str) -> str:
    """As the kubelet's `cgroupRoot` wants it."""
    return f"/{ROOT}/{machine}"


def processes(machine: str = "") -> set[int]:
    """Of one machine or of all, pods included."""
    return {pid for mount in hierarchies() for pid in _processes(mount / ROOT / machine)}


def system_processes(machine: str) -> set[int]:
    """The machine's own programs, without its pods."""
    return {pid for mount in hierarchies() for pid in _processes(mount / ROOT / machine / SYSTEM)}


def pod_processes(machine: str) -> set[int]:
    return {pid for mount in hierarchies() for pid in _processes(mount / ROOT / machine / "kubepods")}


def memory_bytes(machine: str) -> tuple[int, int | None] | None:
    """What the machine uses, page cache that can be dropped left out, and its limit; None where nobody counts."""
    group = _memory(machine)
    if group is None:
        return None
    names = ("memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file")
    if group.version == 2:
        names = ("memory.current", "memory.max", "inactive_file")
    used = int((group.path / names[0]).read_text())
    stat = dict(line.split() for line in (group.path / "memory.stat").read_text().splitlines())
    limit = (group.path / names[1]).read_text().strip()
    unlimited = limit == "max" or int(limit) >= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(0, used - int(stat[names[2]])), None if unlimited else int(limit)


def remove(machine: str = "") -> None:
    """The groups of one machine or of all. Raises OSError while a process lives in one."""
    for mount in hierarchies():
        top = mount / ROOT / machine
        for folder, _, _ in os.walk(top, topdown=False):
            Path(folder).rmdir()


def _processes(top: Path) -> Iterator[int]:
    for folder, _, files in os.walk(top):
        if "cgroup.procs" in files:
            try:
                yield from map(int, (Path(folder) / "cgroup.procs").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue  # the pod ended while we looked, or its group is a threaded one of v2
            except OSError:
                if not (Path(folder) / "cgroup.type").exists():
                    raise


def _memory(machine: str) -> Cgroup | None:
    for mount in hierarchies():
        for version, file in ((1, "memory.limit_in_bytes"), (2, "memory.max")):
            folder = mount / ROOT / machine
            if (folder / file).exists():
                return Cgroup(folder, 1 if version == 1 else 2)
    return None


def _hand_on(folder: Path) -> None:
    """v2: a group's children have only the controllers that it hands on."""
    control = folder / "cgroup.subtree_control"
    if control.exists():
        available = set((folder / "cgroup.controllers").read_text().split())
        control.write_text(" ".join(f"+{name}" for name in sorted(_WANTED & available)))


def _inherit_cpuset(folder: Path) -> None:
    """v1: a new cpuset has neither cores nor memory nodes, and takes no process before it has."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        file = folder / name
        if file.exists() and not (folder / "cgroup.controllers").exists() and not file.read_text().strip():
            file.write_text((folder.parent / name).read_text())
