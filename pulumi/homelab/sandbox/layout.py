"""What the sandbox is made of: a control plane and one node or three, each a machine of its own namespaces."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from homelab.lab import ROOT
from homelab.local.folders import Folders

HOME = ROOT / ".sandbox"

NETWORK = IPv4Network("10.99.0.0/16")
"""All addresses of the sandbox; `checks` refuses where the machine has a route into it already."""

_LINK = IPv4Network("10.99.0.0/24")
PODS = IPv4Network("10.99.16.0/20")  # a /24 per node: host-local hands out 253, the kubelet allows 110 pods
SERVICES = IPv4Network("10.99.32.0/20")

HOST = _LINK[1]
CONTROL = _LINK[2]
PREFIX = _LINK.prefixlen
KUBERNETES = SERVICES[1]  # the API server takes the first address for itself
DNS = SERVICES[10]
_FIRST_NODE = 11

API_PORT = 6443
DOMAIN = "cluster.local"
LINK = "lab-sandbox"
"""The one interface that the machine itself gets; it ends with the sandbox."""

HERE = Path("/run/homelab")
"""Where a machine sees its own folder, whatever the checkout's path is: a socket's address holds 107 bytes."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Namespaces whose first process is a supervisord. `folder` outlives them; inside it is HERE."""

    name: str
    address: IPv4Address
    folder: Path

    @property
    def folders(self) -> Folders:
        return Folders(self.folder)

    def create(self) -> None:
        """Its folders; everything in them is the owner's only, as a key may be among it."""
        for folder in (self.folder, self.folders.run, self.folders.log):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@dataclass(frozen=True, slots=True)
class Node(Machine):
    """A machine that runs pods, with its own part of the addresses. `parts`: of how many equal nodes it is one."""

    pods: IPv4Network
    parts: int


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything below `root`; the names of nodes are those of the hosts in its lab.yaml."""

    root: Path
    control: Machine
    nodes: tuple[Node, ...]

    @property
    def machines(self) -> tuple[Machine, ...]:
        return (self.control, *self.nodes)

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def lab(self) -> Path:
        return self.root / "lab.yaml"

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    def node(self, name: str) -> Node:
        """Raises KeyError."""
        return next((node for node in self.nodes if node.name == name), None) or _no_such(name)


def of(nodes: int, root: Path = HOME) -> Sandbox:
    names = ["sandbox"] if nodes == 1 else [f"sandbox-{number}" for number in range(1, nodes + 1)]
    subnets = list(PODS.subnets(new_prefix=24))
    return Sandbox(
        root,
        Machine("control", CONTROL, root / "machines/control"),
        tuple(
            Node(name, _LINK[_FIRST_NODE + index], root / "machines" / name, subnets[index], nodes)
            for index, name in enumerate(names)
        ),
    )


def existing(root: Path = HOME) -> Sandbox | None:
    """The sandbox whose folders lie in `root`, running or not."""
    known = [path for path in (root / "machines").glob("sandbox*") if path.is_dir()]
    return of(len(known), root) if known else None


def _no_such(name: str) -> Node:
    raise KeyError(name)
