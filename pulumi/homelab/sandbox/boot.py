"""Starting and ending a machine of the sandbox from outside."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from homelab.errors import Problem, SandboxError
from homelab.local.supervisord import connect, wait_gone
from homelab.sandbox import cgroups, machine
from homelab.sandbox.layout import Machine

GRACE = 10.0
"""Seconds for the programs of a machine, or the pods of a node, to end by themselves: a database writes its
checkpoint in that time."""

KILLED_WITHIN = 10.0
"""Seconds for the kernel to end a machine whose first process was killed, mounts and all."""


def first_process(one: Machine) -> int | None:
    """The pid, as seen from here, of the machine's process 1; None while it does not run."""
    for pid in cgroups.system_processes(one.name):
        if _is_first(pid):
            return pid
    return None


def is_of(one: Machine) -> bool:
    """Whether what runs under the machine's name has its folder; True while nothing does."""
    first = first_process(one)
    return first is None or not _inside(first).exists() or _inside(first).samefile(one.folder)


def runs(one: Machine) -> bool:
    """Whether it runs, and not another checkout's of the same name."""
    return first_process(one) is not None and is_of(one)


def abandoned() -> bool:
    """Whether what runs has folders that were removed, with a checkout say: nobody's it is then."""
    firsts = [pid for pid in cgroups.processes() if _is_first(pid)]
    return bool(firsts) and not any(_inside(pid).stat().st_nlink for pid in firsts)


def start(one: Machine, memory_mib: int | None, wire: Callable[[int], None]) -> None:
    """Start the machine, whose supervisord.conf is written; `wire` connects the network of its process 1.

    Raises SandboxError with what it said when it does not start.
    """
    one.create()
    spec: machine.Spec = {
        "name": one.name,
        "folder": str(one.folder),
        "cgroups": [str(path) for path in cgroups.create(one.name, memory_mib)],
        "python": sys.executable,
    }
    path = one.folders.run / "machine.json"
    path.write_text(json.dumps(spec))
    log = one.folders.log / "machine.log"
    said, its_output = os.pipe()
    its_input, asked = os.pipe()
    with os.fdopen(said) as hears, os.fdopen(asked, "w") as tells, log.open("w") as errors:
        try:
            # A session of its own: Ctrl-C here is not meant for it.
            subprocess.run(
                ["setsid", "--fork", sys.executable, "-I", "-S", machine.__file__, "join", str(path)],
                stdin=its_input,
                stdout=its_output,
                stderr=errors,
                cwd="/",
                check=True,
            )
        finally:
            os.close(its_input)
            os.close(its_output)
        first = first_process(one) if hears.readline() == machine.UP else None
        if first is None:
            raise SandboxError(Problem(f"machine {one.name}", _last(log), "it must start", f"see {log}"))
        wire(first)
        tells.write(machine.GO)


def start_programs(one: Machine) -> None:
    """Start what its supervisord does not start by itself; what runs already is left alone."""
    with connect(one.folders) as supervisor:
        for name in supervisor.states():
            supervisor.start(name)


def kill(one: Machine) -> None:
    """As if its power went: every process ends at once. Its cgroups stay."""
    _kill(first for first in (first_process(one),) if first is not None)
    _wait_empty(lambda: cgroups.processes(one.name))


def stop_pods(one: Machine) -> None:
    """Ask every process of every pod to end, once nobody would start it again."""
    try:
        with connect(one.folders) as supervisor:
            supervisor.stop("kubelet")
    except OSError:
        return  # the machine is half up, or half down: what is left of it is killed
    pids = cgroups.pod_processes(one.name)
    for pid in pids:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for pid in pids:
        wait_gone(pid, max(0.0, deadline - time.monotonic()))


def stop(one: Machine) -> None:
    """Let its programs end, then the machine."""
    first = first_process(one)
    if first is not None:
        _signal(first, signal.SIGTERM)
        wait_gone(first, GRACE)
    end_all(one.name)


def end_all(name: str = "") -> None:
    """Kill whatever lives in the cgroups of one machine or of all, and remove the groups.

    Raises SandboxError when the kernel does not let go of a process.
    """
    _kill(pid for pid in cgroups.processes(name) if _is_first(pid))  # the kernel ends the rest with it
    _kill(cgroups.processes(name))
    _wait_empty(lambda: cgroups.processes(name))
    cgroups.remove(name)


def enter(one: Machine) -> list[str]:
    """The beginning of a command line that runs inside the machine. Raises SandboxError when it does not run."""
    first = first_process(one)
    if first is None:
        raise SandboxError(Problem(f"machine {one.name}", "it does not run", "", "./lab sandbox-up"))
    return ["nsenter", f"--target={first}", "--mount", "--net", "--pid", "--uts", "--ipc", "--"]


def forget(root: Path) -> None:
    """Remove all that the sandbox kept."""
    shutil.rmtree(root)


def pids(pid: int) -> list[int]:
    """The process's pids from the outermost namespace that we see to its own; empty when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    line = next(line for line in status.splitlines() if line.startswith("NSpid:"))
    return [int(word) for word in line.split()[1:]]


def _is_first(pid: int) -> bool:
    """Whether it is process 1 of a pid namespace; a pod's own are no programs of the machine."""
    return pids(pid)[1:] == [1]


def _inside(first: int) -> Path:
    """The machine's folder, through its process 1."""
    return Path(f"/proc/{first}/root{machine.HERE}")


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        _signal(pid, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself


def _wait_empty(processes: Callable[[], set[int]]) -> None:
    for pid in processes():
        wait_gone(pid, KILLED_WITHIN)
    left = processes()
    _kill(left)  # forked while we looked
    for pid in left:
        if not wait_gone(pid, KILLED_WITHIN):
            raise SandboxError(Problem(f"process {pid}", "killed, and lives", "the sandbox must end", "see dmesg"))


def _last(log: Path) -> str:
    lines = [line for line in log.read_text().splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"
