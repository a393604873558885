"""Images of the sandbox's nodes: their containerds, and how an archive gets into them."""

import platform
import subprocess
from pathlib import Path

from homelab.errors import Problem, SandboxError
from homelab.images.containerd import Containerd
from homelab.sandbox import archive, boot
from homelab.sandbox.layout import HOME, Node, Sandbox
from homelab.sandbox.node import POD_IMAGE, SOCKET
from homelab.sandbox.owner import own
from homelab.sandbox.program import tool

_CTR = ("ctr", "--address", SOCKET, "--namespace", "k8s.io")


def load(path: Path, root: Path = HOME) -> None:
    """Import an image archive (docker's or OCI's) into the containerd of every node.

    Raises SandboxError when none of ours runs, or containerd refuses it.
    """
    sandbox = own(root)
    if sandbox is None:
        raise SandboxError(Problem("sandbox", "it does not run", "images lie in its nodes", "./lab sandbox-up"))
    for node in sandbox.nodes:
        load_into(node, path)


def load_into(node: Node, path: Path) -> None:
    with path.open("rb") as content:
        done = subprocess.run(
            [*boot.enter(node), *_CTR, "images", "import", "-"], stdin=content, capture_output=True, check=False
        )
    if done.returncode:
        raise SandboxError(Problem(str(path), done.stderr.decode(errors="replace").strip(), "", ""))


def containerd(node: Node) -> Containerd:
    """Raises SandboxError when the node does not run."""
    return Containerd(f"node {node.name}", (*boot.enter(node), *_CTR), "./lab sandbox-status")


def answers(node: Node) -> bool:
    """Whether its containerd takes requests."""
    done = subprocess.run([*boot.enter(node), *_CTR, "version"], capture_output=True, check=False)
    return done.returncode == 0


def pod_archive(sandbox: Sandbox) -> Path:
    """The image that the sandbox itself needs: what holds a pod's namespaces, and what makes a volume's folder."""
    path = sandbox.root / "images/pod.tar"
    programs = {"/pause": Path(tool("pause")), "/volume": Path(tool("volume"))}
    archive.write(path, POD_IMAGE, programs, machine=platform.machine())
    return path
