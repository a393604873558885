"""What an earlier run left behind: processes that are provably ours, ended before anything new starts.

Proof is the record that the launcher wrote (pid and start time, which together never name two processes), or
membership of our own memory cgroup.
"""

import signal
import time
from contextlib import suppress

import psutil

from homelab.errors import LocalError, Problem
from homelab.local import launch
from homelab.local.cgroup import Cgroup
from homelab.local.folders import Folders
from homelab.local.supervisord import wait_gone

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
    alive = found
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in alive:
            with suppress(psutil.NoSuchProcess):  # it ended by itself
                process.send_signal(number)
        alive = _still_alive(alive)
    if alive:
        raise LocalError(
            *(Problem(f"process {p.pid}", "left by an earlier run", "it does not end", "kill it") for p in alive)
        )
    for record in folders.pids.glob("*"):
        record.unlink()
    return found


def _still_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still live after GRACE. A zombie has ended, whether or not its parent takes note."""
    deadline = time.monotonic() + GRACE
    return [p for p in processes if not wait_gone(p.pid, max(0.0, deadline - time.monotonic()))]


def _lives(pid: int, started: int) -> bool:
    try:
        return launch.start_time(pid) == started and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):
        return False
