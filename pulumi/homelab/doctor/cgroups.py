"""Memory cgroups: without one that we may write to, no limit is enforced and peaks are sampled."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from homelab.doctor.finding import Finding
from homelab.local import cgroup

Version = Literal[1, 2]

UNENFORCED = "limits are planned and watched, not enforced"
ENABLE = "add cgroup_enable=memory to the kernel's command line (Raspberry Pi: /boot/firmware/cmdline.txt), reboot"


def findings(proc: Path = Path("/proc"), mounts: Path = Path("/sys/fs/cgroup")) -> Iterator[Finding]:
    versions = mounted((proc / "mounts").read_text())
    found = version(versions)
    yield found
    if not versions:
        return
    controllers = mounts / "cgroup.controllers"
    unified = controllers.read_text().split() if controllers.exists() else []
    names = (proc / "cgroups").read_text() if (proc / "cgroups").exists() else ""
    enabled = "memory" in unified or enabled_in_v1(names)
    yield memory(enabled=enabled)
    if enabled:
        yield writable(cgroup.find(proc / "self"))


def mounted(mounts: str) -> tuple[Version, ...]:
    """The versions in /proc/mounts, each once; a hybrid system has both."""
    kinds = {line.split()[2] for line in mounts.splitlines() if len(line.split()) > 2}
    both: tuple[tuple[str, Version], ...] = (("cgroup", 1), ("cgroup2", 2))
    return tuple(number for kind, number in both if kind in kinds)


def enabled_in_v1(table: str) -> bool:
    """/proc/cgroups: `memory 0 75 1`; the last column says whether the kernel has it on."""
    rows = [line.split() for line in table.splitlines() if not line.startswith("#")]
    return any(row[0] == "memory" and row[-1] == "1" for row in rows if row)


def version(versions: tuple[Version, ...]) -> Finding:
    if not versions:
        mend = "start the system with systemd or mount /sys/fs/cgroup"
        return Finding("cgroups.version", "cgroups", "warn", f"none is mounted: {UNENFORCED}", mend)
    return Finding("cgroups.version", "cgroups", "ok", " and ".join(f"v{number}" for number in versions))


def memory(*, enabled: bool) -> Finding:
    if enabled:
        return Finding("cgroups.memory", "cgroups", "ok", "the memory controller is on")
    evidence = f"the kernel has the memory controller off: {UNENFORCED}, and k3s does not start"
    return Finding("cgroups.memory", "cgroups", "warn", evidence, ENABLE)


def writable(group: cgroup.Cgroup | None) -> Finding:
    if group is not None:
        return Finding("cgroups.writable", "cgroups", "ok", f"v{group.version}, below {group.path}")
    mend = "systemd-run --user --scope -p Delegate=yes ./lab local-up, or run it as root"
    return Finding("cgroups.writable", "cgroups", "warn", f"none that we may write to: {UNENFORCED}", mend)
