"""Up and down of the sandbox, and the power of one node."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from homelab.errors import Problem, SandboxError
from homelab.local.supervisord import try_lock
from homelab.sandbox import addons, boot, cgroups, checks, control, facts, images, links, network, node
from homelab.sandbox.api import Api
from homelab.sandbox.layout import HOME, Node, Sandbox, of
from homelab.sandbox.owner import own
from homelab.sandbox.waiting import until

LOCK = Path("/run/lock/homelab-sandbox")
"""There is one sandbox on a machine, whatever the checkout: its addresses and cgroups have fixed names."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A part of the sandbox, what became of it, and after how many seconds."""

    part: str
    did: str
    seconds: float


Report = Callable[[Progress], None]


def up(nodes: int | None, report: Report, root: Path = HOME) -> Sandbox:
    """Start what does not run of a sandbox with `nodes` nodes (None: as it was, else one); returns when ready.

    What runs is left alone. Raises HomelabError with all that is missing, SandboxError or AuditFailed; `down` ends
    what was begun.
    """
    checks.root_only("sandbox-up")
    with alone():
        sandbox = _wanted(nodes, root)
        checks.machine(len(sandbox.nodes))
        if not cgroups.processes():
            checks.addresses()
        checks.tools()
        told = _Told(report)
        for machine in sandbox.machines:
            machine.create()
        facts.write_lab(sandbox)
        with ThreadPoolExecutor(1) as beside:
            measured = beside.submit(facts.ensure, sandbox)
            started = _start(sandbox, told)
            api = Api(sandbox)
            _control_ready(sandbox, api, told)
            for one in sandbox.nodes:
                _node_ready(sandbox, one, api, started[one.name], told)
            until(lambda: addons.metrics_ready(api), "the metrics API", [sandbox.control])
            told("metrics", "ready")
            told("facts", "measured" if measured.result() else "known")
            if len(sandbox.nodes) > 1:
                told("links", "measured" if links.ensure(sandbox) else "known")
        return sandbox


def down(report: Report, root: Path = HOME, *, delete: bool = False) -> bool:
    """End everything, pods first; what the sandbox keeps stays, unless `delete`. False when nothing ran.

    Raises SandboxError while another checkout's runs, unless that checkout is gone.
    """
    checks.root_only("sandbox-down")
    with alone():
        told = _Told(report)
        sandbox = None if boot.abandoned() else own(root)
        ran = bool(cgroups.processes())
        if ran and sandbox is not None:
            for one in sandbox.nodes:
                boot.stop_pods(one)
            for machine in reversed(sandbox.machines):
                boot.stop(machine)
                told(machine.name, "stopped")
        boot.end_all()
        network.disconnect()
        if delete and sandbox is not None:
            boot.forget(sandbox.root)
            told(sandbox.root.name, "deleted")
        return ran


def kill(name: str, root: Path = HOME) -> None:
    """Take the power of a node: all its processes end at once. Raises SandboxError for no node of the sandbox."""
    with alone():
        sandbox, one = _node(name, root)
        boot.kill(one)
        living = next((other for other in sandbox.nodes if boot.first_process(other) is not None), None)
        if living is not None:
            network.route_services(living)


def start(name: str, report: Report, root: Path = HOME) -> None:
    """Give it back; returns once the node is Ready. Raises SandboxError."""
    with alone():
        sandbox, one = _node(name, root)
        told = _Told(report)
        since = _start_node(sandbox, one, told)
        _node_ready(sandbox, one, Api(sandbox), since, told)


@contextmanager
def alone() -> Iterator[None]:
    """One `up` or `down` at a time on this machine. Raises SandboxError while another is at work."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    lock = try_lock(LOCK)
    if lock is None:
        given = f"pid {LOCK.read_text().strip() or '?'} is starting or stopping it"
        raise SandboxError(Problem("sandbox", given, "one at a time", "wait for it"))
    with lock:
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class _Told:
    """Says what happened, with the seconds since the last word."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._since = time.monotonic()

    def __call__(self, part: str, did: str) -> None:
        now = time.monotonic()
        self._report(Progress(part, did, now - self._since))
        self._since = now


def _wanted(nodes: int | None, root: Path) -> Sandbox:
    known = own(root)
    if known is None:
        return of(nodes or 1, root)
    if nodes not in (None, len(known.nodes)):
        given = f"--nodes {nodes}, while {known.root} is one of {len(known.nodes)}"
        fix = "./lab sandbox-down --delete-data, then again"
        raise SandboxError(Problem("sandbox-up", given, "what it keeps belongs to its nodes", fix))
    return known


def _start(sandbox: Sandbox, told: _Told) -> dict[str, datetime]:
    """Returns when each node was started, at the earliest."""
    control.configure(sandbox)
    for one in sandbox.nodes:
        node.configure(sandbox, one)
    if boot.first_process(sandbox.control) is None:
        # The nodes hang on its bridge: with it gone they are cut off, and begin anew.
        boot.end_all()
        boot.start(sandbox.control, None, lambda pid: network.connect_control(sandbox, pid))
        told(sandbox.control.name, "started")
    return {one.name: _start_node(sandbox, one, told) for one in sandbox.nodes}


def _start_node(sandbox: Sandbox, one: Node, told: _Told) -> datetime:
    """Returns when it was started, at the earliest."""
    if boot.first_process(one) is not None:
        return datetime.fromtimestamp(0, UTC)
    now = datetime.now(UTC)
    bridge = boot.first_process(sandbox.control)
    if bridge is None:
        raise SandboxError(Problem("control", "it does not run", "nodes hang on its bridge", "./lab sandbox-up"))
    boot.end_all(one.name)
    memory = node.memory_mib(one)
    boot.start(one, memory, lambda pid: network.connect_node(sandbox, one, bridge, pid))
    told(one.name, "started")
    return now


def _control_ready(sandbox: Sandbox, api: Api, told: _Told) -> None:
    until(api.ready, "the API server", [sandbox.control])
    told("API server", "ready")
    addons.apply(sandbox, api)
    boot.start_programs(sandbox.control)
    until(addons.dns_ready, "CoreDNS", [sandbox.control])
    until(lambda: addons.accounts_ready(api), "the default account", [sandbox.control])
    told("addons", "ready")


def _node_ready(sandbox: Sandbox, one: Node, api: Api, since: datetime, told: _Told) -> None:
    until(lambda: images.answers(one), f"containerd of {one.name}", [one])
    if node.POD_IMAGE not in images.containerd(one).images():
        images.load_into(one, images.pod_archive(sandbox))
    until(lambda: api.node_ready(one.name, since), f"node {one.name}", [sandbox.control, one])
    boot.start_programs(one)
    until(lambda: node.proxy_ready(one), f"kube-proxy of {one.name}", [one])
    told(f"node {one.name}", "ready")


def _node(name: str, root: Path) -> tuple[Sandbox, Node]:
    sandbox = own(root)
    names = [one.name for one in sandbox.nodes] if sandbox else []
    if sandbox is None or name not in names:
        raise SandboxError(Problem("sandbox", name, f"its nodes are {', '.join(names) or 'not made yet'}", ""))
    return sandbox, sandbox.node(name)
