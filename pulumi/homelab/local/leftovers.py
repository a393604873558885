"""What an earlier run left behind: processes that are provably ours, ended before anything new starts.

Proof is the record that the launcher wrote (pid and start time, which together never name two processes), or
membership of our own memory cgroup.
"""

import signal

import psutil

from homelab.errors import LocalError, Problem
from homelab.local import launch
from homelab.local.cgroup import Cgroup
from homelab.local.folders import Folders

GRACE = 10.0
"""Seconds for a leftover to end by SIGTERM before SIGKILL; a database writes its checkpoint in that time."""


def find(folders: Folders, cgroup: Cgroup | None) -> list[psutil.Process]:
    """Living processes of an earlier run, with their descendants."""
    pids: set[int] = set()
    for record in folders.pids.glob("*"):
        pid, started = map(int, record.read_text().split() or (0, 0))
        if pid and _lives(pid, started):
            pids.add(pid)
    if cgroup is not None and cgroup.path.is_dir():
        for group in cgroup.path.iterdir():
            if group.is_dir():
                pids.update(cgroup.child(group.name).processes())
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found |= {child.pid: child for child in (process, *process.children(recursive=True))}
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def end(folders: Folders, cgroup: Cgroup | None) -> list[psutil.Process]:
    """End them and forget their records; returns what was found. Raises LocalError when one cannot be ended."""
    found = find(folders, cgroup)
    for process in found:
        _signal(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(found, timeout=GRACE)
    for process in stubborn:
        _signal(process, signal.SIGKILL)
    _, alive = psutil.wait_procs(stubborn, timeout=GRACE)
    if alive:
        raise LocalError(
            *(
                Problem(
                    f"process {process.pid}", "left by an earlier run", "it must end", "kill it, then try again"
                )
                for process in alive
            )
        )
    for record in folders.pids.glob("*"):
        record.unlink()
    return found


def _lives(pid: int, started: int) -> bool:
    try:
        return launch.start_time(pid) == started
    except (FileNotFoundError, ProcessLookupError):
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # it ended by itself
