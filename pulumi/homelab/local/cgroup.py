"""Memory cgroups, where the kernel lets us: one below our own group, and in it one per program.

v1: below the group that we are in. v2: processes may only live in leaves, so ours goes below the nearest ancestor
that gives its children the memory controller and that we may write to (root, or a delegated subtree).
"""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from homelab.units import MIB

Version = Literal[1, 2]

_LIMIT: dict[Version, tuple[str, str]] = {
    # The second file makes swap no extension of the limit: v1 counts memory + swap, v2 swap alone.
    1: ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    2: ("memory.max", "memory.swap.max"),
}
_PEAK: dict[Version, str] = {1: "memory.max_usage_in_bytes", 2: "memory.peak"}


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A memory cgroup by its folder."""

    path: Path
    version: Version

    def child(self, name: str) -> "Cgroup":
        return Cgroup(self.path / name, self.version)

    def create(self, *, with_children: bool = False) -> None:
        """Idempotent. Raises OSError where the kernel refuses."""
        self.path.mkdir(exist_ok=True)
        if with_children and self.version == 2:
            (self.path / "cgroup.subtree_control").write_text("+memory")

    def limit(self, mib: int) -> None:
        """Raise or lower the limit of a group, whether it has processes or not."""
        memory, swap = (self.path / name for name in _LIMIT[self.version])
        size = str(mib * MIB)
        if self.version == 2:
            memory.write_text(size)
            if swap.exists():
                swap.write_text("0")
            return
        # Neither file may pass the other: lowering starts with `memory`, raising with `memory + swap`.
        order = [memory, swap] if int(memory.read_text()) > mib * MIB else [swap, memory]
        for file in order:
            if file.exists():
                file.write_text(size)

    def processes(self) -> list[int]:
        try:
            return [int(pid) for pid in (self.path / "cgroup.procs").read_text().split()]
        except FileNotFoundError:
            return []

    def peak_bytes(self) -> int | None:
        """The kernel's high-water mark, page cache included; None where it keeps none (v2 before Linux 5.19)."""
        try:
            return int((self.path / _PEAK[self.version]).read_text())
        except FileNotFoundError:
            return None

    def remove(self) -> bool:
        """Remove the group and its children; False while a process still lives in one of them."""
        if not self.path.is_dir():
            return True
        children = [Cgroup(path, self.version).remove() for path in self.path.iterdir() if path.is_dir()]
        if not all(children):
            return False
        try:
            self.path.rmdir()
        except OSError as error:
            if error.errno == errno.EBUSY:
                return False
            raise
        return True


def find(proc: Path = Path("/proc/self")) -> Cgroup | None:
    """The group below which ours can be made, or None: then memory is only sampled."""
    own = _own_groups((proc / "cgroup").read_text())
    for version, mount, root in _mounts((proc / "mountinfo").read_text()):
        if version not in own:
            continue
        relative = os.path.relpath(own[version], root)
        if relative.startswith(".."):
            continue  # our group lies outside what is mounted here
        place = Path(os.path.normpath(mount / relative))
        found = place if version == 1 else _delegating(place, mount)
        if found is not None and os.access(found, os.W_OK):
            return Cgroup(found, version)
    return None


def _own_groups(text: str) -> dict[Version, str]:
    """/proc/self/cgroup: `4:memory:/path` (v1), `0::/path` (v2)."""
    groups: dict[Version, str] = {}
    for line in text.splitlines():
        number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            groups[1] = path
        elif number == "0" and not controllers:
            groups[2] = path
    return groups


def _mounts(text: str) -> list[tuple[Version, Path, str]]:
    """The memory hierarchy of v1 before v2's: a machine that mounts both keeps memory in v1."""
    mounts: list[tuple[Version, Path, str]] = []
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        root, mount = left.split()[3:5]
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup" and "memory" in options.split(","):
            mounts.append((1, Path(_unescaped(mount)), _unescaped(root)))
        elif kind == "cgroup2":
            mounts.append((2, Path(_unescaped(mount)), _unescaped(root)))
    return sorted(mounts)


def _unescaped(path: str) -> str:
    """proc_pid_mountinfo(5) writes a space as `\\040`."""
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _delegating(place: Path, mount: Path) -> Path | None:
    """The nearest ancestor-or-self that hands on the memory controller and takes our processes."""
    for folder in (place, *place.parents):
        control = folder / "cgroup.subtree_control"
        if (
            control.exists()
            and "memory" in control.read_text().split()
            and os.access(folder / "cgroup.procs", os.W_OK)
        ):
            return folder
        if folder == mount:
            return None
    return None
