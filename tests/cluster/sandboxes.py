"""A sandbox in a folder of its own, and what a sandbox could leave behind on the machine."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from homelab.sandbox import archive, cgroups, images, lifecycle
from homelab.sandbox.api import Api
from homelab.sandbox.layout import Sandbox
from homelab.tools import find


@dataclass(frozen=True)
class Traces:
    """Everything outside the sandbox's namespaces that could be its."""

    processes: frozenset[str]
    mounts: frozenset[str]
    links: str
    routes: str
    rules: str
    cgroups: frozenset[str]


ENDED = tuple(f"{number}:" for number in range(20))
"""So begins what is told of a process without a command line: it has ended, and init takes note late."""


def traces(root: Path) -> Traces:
    marks = (str(root), "/run/homelab/", cgroups.ROOT)
    return Traces(
        frozenset(_processes(marks)),
        frozenset(
            line for line in Path("/proc/self/mounts").read_text().splitlines() if any(m in line for m in marks)
        ),
        _said("ip", "-brief", "link"),
        _said("ip", "route"),
        "\n".join(line for line in _said("iptables-save").splitlines() if not line.startswith("#")),
        frozenset(str(mount / cgroups.ROOT) for mount in cgroups.hierarchies() if (mount / cgroups.ROOT).exists()),
    )


@contextmanager
def sandbox_in(root: Path, nodes: int = 1) -> Iterator[Sandbox]:
    """A running sandbox; once it is down the machine must be as it was."""
    must_be_possible()
    before = traces(root)
    try:
        yield lifecycle.up(nodes, [].append, root)
    finally:
        lifecycle.down([].append, root)
    assert asdict(traces(root)) == asdict(before)
    shutil.rmtree(root)


def must_be_possible() -> None:
    if os.geteuid() != 0:
        pytest.skip("this machine does not let us be root")
    if cgroups.processes():
        pytest.skip("a sandbox runs already, and there is one at a time: end it")
    for program, package in (("containerd", "containerd"), ("runc", "runc"), ("busybox", "busybox-static")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install {package}")
    for program in ("kubelet", "etcd", "coredns", "metrics-server", "local-path-provisioner"):
        if find(program) is None:
            pytest.skip(f"{program} is not built: ./lab sandbox-up builds it")


def kubectl(sandbox: Sandbox, *arguments: str, given: str = "") -> str:
    return Api(sandbox).kubectl(*arguments, given=given)


def load_busybox(sandbox: Sandbox, folder: Path) -> None:
    """The image localhost/homelab/busybox:test into every node: one static program, no shell."""
    path = folder / "busybox.tar"
    programs = {"/busybox": Path(shutil.which("busybox") or "")}
    archive.write(path, "localhost/homelab/busybox:test", programs, machine=platform.machine())
    images.load(path, sandbox.root)


def pod_limits(node: str, uid: str) -> set[int]:
    """What the kernel holds the containers of a pod to, in bytes."""
    names = ("memory.limit_in_bytes", "memory.max")
    found = set()
    for mount in cgroups.hierarchies():
        for pod in (mount / cgroups.ROOT / node).rglob(f"*{uid}*"):
            for container in (path for path in pod.iterdir() if path.is_dir()):
                found |= {(container / name).read_text().strip() for name in names if (container / name).exists()}
    return {int(text) for text in found if text.isdigit()}


def _processes(marks: tuple[str, ...]) -> Iterator[str]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "cmdline").read_text() + (folder / "cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(folder.name) != os.getpid() and not told.startswith(ENDED) and any(mark in told for mark in marks):
            yield f"{folder.name} {told}"


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
