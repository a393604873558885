"""The sandbox's wires: a bridge inside the control plane's namespace, a veth pair to each node and one to here.

The machine itself gets one interface and the routes through it, which the kernel removes with the namespace at
the other end. Pods are routed, not bridged (the CNI plugin `ptp`), so neither br_netfilter nor a rule of the
machine's own firewall takes part.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

from homelab.errors import Problem, SandboxError
from homelab.sandbox.layout import HOST, LINK, NETWORK, PREFIX, SERVICES, Node, Sandbox

_BRIDGE = "nodes"
_UPLINK = "host"  # the control plane's end of LINK
_WIRE = "eth0"  # a node's end of its pair; the other end has the node's name


def connect_control(sandbox: Sandbox, pid: int) -> None:
    """Give the control plane, whose first process is `pid`, its address, and this machine a way to it."""
    disconnect()
    _ip(f"link add {LINK} type veth peer name {_UPLINK} netns {pid}")
    _inside(
        pid,
        "link set lo up",
        f"link add {_BRIDGE} type bridge",
        f"link set {_UPLINK} master {_BRIDGE} up",
        f"addr add {sandbox.control.address}/{PREFIX} dev {_BRIDGE}",
        f"link set {_BRIDGE} up",
        *(f"route add {node.pods} via {node.address}" for node in sandbox.nodes),
    )
    _ip(
        f"addr add {HOST}/{PREFIX} dev {LINK}",
        f"link set {LINK} up",
        *(f"route add {node.pods} via {node.address}" for node in sandbox.nodes),
    )
    route_services(sandbox.nodes[0])


def connect_node(sandbox: Sandbox, node: Node, control: int, pid: int) -> None:
    _drop(node.name, control)
    _ip(f"link add {node.name} netns {control} type veth peer name {_WIRE} netns {pid}")
    _inside(control, f"link set {node.name} master {_BRIDGE} up")
    _inside(
        pid,
        "link set lo up",
        f"addr add {node.address}/{PREFIX} dev {_WIRE}",
        f"link set {_WIRE} up",
        *(f"route add {other.pods} via {other.address}" for other in sandbox.nodes if other != node),
    )


def disconnect() -> None:
    """Remove the machine's own interface and its routes at once; the kernel takes its time."""
    _drop(LINK)


def route_services(node: Node) -> None:
    """This machine reaches services through `node`, whose kube-proxy turns their addresses into pods'."""
    _ip(f"route replace {SERVICES} via {node.address}")


def clashes() -> list[str]:
    """Routes of this machine into NETWORK that are not ours, as `ip route` writes them."""
    return strangers(json.loads(_said(["ip", "-json", "-4", "route"])))


def strangers(routes: Sequence[Mapping[str, str]]) -> list[str]:
    """Of routes as `ip -json route` tells them, those into NETWORK through another interface than ours."""
    return [
        f"{route['dst']} dev {route.get('dev', 'several')}"
        for route in routes
        if route["dst"] != "default" and route.get("dev") != LINK and IPv4Network(route["dst"]).overlaps(NETWORK)
    ]


def _drop(link: str, pid: int | None = None) -> None:
    """Delete an interface, of a namespace that may have ended, unless it is gone already."""
    inside = [] if pid is None else _enter(pid)
    subprocess.run([*inside, "ip", "link", "delete", link], capture_output=True, check=False)


def _enter(pid: int) -> list[str]:
    return ["nsenter", f"--net=/proc/{pid}/ns/net"]


def _ip(*commands: str) -> None:
    _batch([], commands)


def _inside(pid: int, *commands: str) -> None:
    _batch(_enter(pid), commands)


def _batch(prefix: Sequence[str], commands: Sequence[str]) -> None:
    _said([*prefix, "ip", "-batch", "-"], "\n".join(commands) + "\n")


def _said(command: Sequence[str], given: str = "") -> str:
    """Raises SandboxError with ip's own words: a kernel may be without bridges or veth pairs."""
    done = subprocess.run(command, input=given, text=True, capture_output=True, check=False)
    if done.returncode:
        words = " / ".join(line.strip() for line in done.stderr.splitlines() if line.strip())
        rule, fix = "the sandbox has a network of its own", "see dmesg, then ./lab sandbox-down"
        raise SandboxError(Problem("ip", words or f"status {done.returncode}", rule, fix))
    return done.stdout
