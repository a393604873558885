"""One run at a time changes a stack: a lock of ours, which ends with its process, around the engine's own.

The engine's stays behind when it is killed; one whose owner ended is removed, any other is left alone.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psutil

from homelab.engine.folders import Folders
from homelab.errors import Problem, StackLocked

ENGINE = "pulumi"
RULE = "one run at a time changes a stack"


@contextmanager
def held(folders: Folders, stack: str) -> Iterator[None]:
    """Raises StackLocked at once while another run of `stack` lasts."""
    with (folders.root / f"{stack}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            given = f"process {file.read()} of this machine holds it"
            raise StackLocked(Problem(f"stack {stack}", given, RULE, "wait for its end")) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


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
    """Whether the process that took the lock at `locked` (seconds since 1970) may run still; ids are used again.

    An engine is believed whatever its age: where the clock is set forward, so is the start of every process.
    """
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            older = process.create_time() <= locked
            return process.status() != psutil.STATUS_ZOMBIE and (older or ENGINE in process.name())
    except psutil.NoSuchProcess:
        return False


def _held(stack: str, path: Path, given: str, fix: str) -> Problem:
    return Problem(f"stack {stack}", given, RULE, f"{fix}, or remove {path}")
