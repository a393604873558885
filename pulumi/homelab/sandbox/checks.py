"""What sandbox-up needs of the machine, looked at before anything starts: all that is missing at once."""

import os
from pathlib import Path

from homelab.errors import HomelabError, MissingTool, Problem, SandboxError
from homelab.sandbox import cgroups, network
from homelab.sandbox.layout import NETWORK
from homelab.tools import TOOLS
from homelab.tools.build import build
from homelab.tools.needs import Need, require

NEEDS = (
    Need("containerd", package="containerd"),
    Need("runc", package="runc"),
    Need("iptables", package="iptables"),
    Need("ip", package="iproute2"),
    Need("conntrack", package="conntrack"),
    Need("nsenter", package="util-linux"),
    Need("mount", package="mount"),
)
_CNI = Path("/usr/lib/cni/ptp")

PINNED = ("kubernetes", "etcd", "coredns", "metrics-server", "local-path-provisioner", "pod")


_SEVERAL = (Need("iperf3", package="iperf3"), Need("ping", package="iputils-ping"))
"""What measures the ways between nodes: no replica is planned over an unmeasured one."""


def root_only(recipe: str) -> None:
    """Raises SandboxError for an ordinary user."""
    if os.geteuid() != 0:
        rule = "namespaces, mounts and cgroups are root's"
        raise SandboxError(Problem(recipe, f"user id {os.geteuid()}", rule, f"sudo ./lab {recipe}"))


def machine(nodes: int = 1) -> None:
    """Raises HomelabError with everything that keeps a sandbox from starting here."""
    root_only("sandbox-up")
    problems: list[Problem] = []
    try:
        require("sandbox-up", [*NEEDS, *_cni(), *(_SEVERAL if nodes > 1 else ())])
    except MissingTool as missing:
        problems += missing.problems
    if not cgroups.hierarchies():
        rule = "pods live in cgroups"
        problems.append(Problem("/sys/fs/cgroup", "no cgroup is mounted", rule, "use a machine, not a container"))
    for mount in cgroups.read_only():
        fix = "use a machine, or a container that may write there"
        problems.append(Problem(str(mount), "mounted read-only", "the sandbox has cgroups of its own", fix))
    if problems:
        raise HomelabError(*problems)


def addresses() -> None:
    """Raises SandboxError naming every route of this machine into the sandbox's network."""
    fix = "end what made it, or use another machine"
    found = [
        Problem("sandbox-up", f"route {route}", f"{NETWORK} is the sandbox's", fix) for route in network.clashes()
    ]
    if found:
        raise SandboxError(*found)


def tools() -> None:
    """Build what is not built yet, under a progress line each. Raises MissingTool."""
    build(*(TOOLS[name] for name in PINNED))


def _cni() -> list[Need]:
    return [] if _CNI.exists() else [Need(str(_CNI), package="containernetworking-plugins")]
