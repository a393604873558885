"""The engine's lock of a stack: one that its owner left behind is removed, any other is left alone."""

import json
import socket
from datetime import datetime
from pathlib import Path

import psutil

from homelab.engine.folders import Folders
from homelab.errors import Problem, StackLocked


def release_dead(folders: Folders, stack: str) -> tuple[int, ...]:
    """Remove the locks of `stack` whose owners ended on this machine; returns their process ids.

    Raises StackLocked while another owner lives, or may live on another machine.
    """
    dead: list[tuple[Path, int]] = []
    problems = []
    folder = folders.locks(stack)
    for begun in folder.glob("*.tmp"):
        begun.unlink(missing_ok=True)  # its writer was killed before it was a lock
    for path in sorted(folder.glob("*.json")):
        owner = json.loads(path.read_text("utf-8"))
        pid, host = int(owner["pid"]), str(owner["hostname"])
        if host != socket.gethostname():
            problems.append(_held(stack, path, f"process {pid} on {host} holds it", f"end it on {host}"))
        elif _lives(pid, datetime.fromisoformat(owner["timestamp"]).timestamp()):
            problems.append(_held(stack, path, f"process {pid} of this machine holds it", "wait for its end"))
        else:
            dead.append((path, pid))
    if problems:
        raise StackLocked(*problems)
    for path, _ in dead:
        path.unlink(missing_ok=True)
    return tuple(pid for _, pid in dead)


def _lives(pid: int, locked: float) -> bool:
    """Whether the process that took the lock at `locked` (seconds since 1970) runs still; ids are used again."""
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= locked
    except psutil.NoSuchProcess:
        return False


def _held(stack: str, path: Path, given: str, fix: str) -> Problem:
    return Problem(f"stack {stack}", given, "one run at a time changes a stack", f"{fix}, or remove {path}")
