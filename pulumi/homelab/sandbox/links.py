"""The ways between the nodes of a sandbox, measured as the audit measures those between machines."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import combinations

from homelab.audit.files import text
from homelab.audit.network import with_peers
from homelab.errors import Problem, SandboxError
from homelab.facts import Facts
from homelab.facts import load as load_facts
from homelab.lab import ROOT, load
from homelab.sandbox.boot import first_process
from homelab.sandbox.layout import Node, Sandbox

SCRIPT = ROOT / "ansible/roles/hardware_audit/files/network_benchmark.sh"
PORT = 5201
"""iperf3's own."""


def ensure(sandbox: Sandbox) -> bool:
    """Measure each way once, from the earlier node to the later, unless the facts know it; whether it did.

    Raises SandboxError where iperf3 does not start.
    """
    folder, measured = load(sandbox.lab).facts_dir, False
    for node in sandbox.nodes[:-1]:
        path = folder / f"{node.name}.json"
        facts = load_facts(path)
        others = [other for one, other in combinations(sandbox.nodes, 2) if one is node]
        if {peer.peer for peer in facts.network.peers} == {other.name for other in others}:
            continue
        path.write_text(text(_measured(facts, node, others)))
        measured = True
    return measured


def _measured(facts: Facts, node: Node, others: list[Node]) -> Facts:
    runs = [(other.name, str(other.address), _run(node, other)) for other in others]
    return with_peers(facts, runs, datetime.now(UTC))


def _run(node: Node, other: Node) -> str:
    with _server(other):
        command = [*_inside(node), "sh", str(SCRIPT), str(PORT), str(other.address)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def _server(node: Node) -> Iterator[None]:
    """iperf3, listening for one client in the node's network."""
    command = [*_inside(node), "iperf3", "--server", "--one-off", "--port", str(PORT), "--forceflush"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            said = []
            for line in server.stdout or ():
                said.append(line.strip())
                if "listening" in line:
                    break
            else:
                raise SandboxError(Problem(f"node {node.name}", " ".join(said), "iperf3 must start there", ""))
            yield
        finally:
            server.terminate()


def _inside(node: Node) -> list[str]:
    """The network alone: programs and files are this machine's."""
    first = first_process(node)
    if first is None:
        raise SandboxError(Problem(f"machine {node.name}", "it does not run", "", "./lab sandbox-up"))
    return ["nsenter", f"--target={first}", "--net", "--"]
