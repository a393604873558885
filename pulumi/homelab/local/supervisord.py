"""The one supervisord of a data folder: start it, talk to it, know whether it lives.

It holds a lock on a file of the run folder for as long as it lives; the kernel drops the lock when it dies,
however it dies. So there is no stale pid file to reason about.
"""

import fcntl
import http.client
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from homelab.errors import LocalError, Problem
from homelab.local import launch
from homelab.local.conf import LAUNCHER, SOCKET
from homelab.local.folders import Folders

LOCK = "supervisord.lock"
CONF = "supervisord.conf"
PID = "supervisord.pid"

_KEPT = (
    # What servers may need of the person's environment. All else stays out: a run depends on lab.yaml only.
    *("PATH", "HOME", "USER", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
)
RPC_WITHIN = 60.0
"""Seconds for one call; stopping a service may take its whole grace (`Service.stop_within`)."""

_ALREADY_STARTED, _NOT_RUNNING = 60, 70  # supervisor.xmlrpc.Faults, without importing its server
_LOOPBACK = "127.0.0.1,localhost,::1"


@dataclass(frozen=True, slots=True)
class State:
    """A program as supervisord sees it; `pid` is 0 and `exit_status` -1 when there is none."""

    name: str
    state: str
    pid: int
    started: float
    restarts: int
    exit_status: int


def try_lock(path: Path) -> IO[str] | None:
    """The file, locked until it is closed, or None when another process has the lock."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_running(folders: Folders) -> bool:
    path = folders.run / LOCK
    if not path.exists():
        return False
    lock = try_lock(path)
    if lock is None:
        return True
    lock.close()
    return False


def start(folders: Folders) -> None:
    """Start it with the rendered configuration; returns when it answers. None may run (`is_running`).

    Raises LocalError with what it said.
    """
    with (folders.run / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # at most a moment: somebody may just be asking `is_running`
        # It forks once its door is open and the parent ends with 0: nothing to wait for afterwards.
        done = subprocess.run(
            [sys.executable, "-P", "-m", "supervisor.supervisord", "-c", CONF],
            cwd=folders.run,
            env=_environment(os.environ),
            pass_fds=[lock.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        said = " ".join(done.stdout.split()) or f"exit code {done.returncode}"
        raise LocalError(Problem("supervisord", said, "it must start", f"see {folders.log}"))


def _environment(person: Mapping[str, str]) -> dict[str, str]:
    launcher = [sys.executable, "-I", "-S", launch.__file__]
    no_proxy = ",".join(filter(None, [person.get("NO_PROXY") or person.get("no_proxy"), _LOOPBACK]))
    return {
        **{name: person[name] for name in _KEPT if name in person},
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PYTHONUNBUFFERED": "1",  # a worker's last line before a crash is in its log
        LAUNCHER: shlex.join(launcher),
    }


class Supervisord:
    """Its XML-RPC. One object per thread."""

    def __init__(self, proxy: xmlrpc.client.ServerProxy) -> None:
        self._proxy = proxy

    def pid(self) -> int:
        return cast(int, self._proxy.supervisor.getPID())

    def states(self) -> dict[str, State]:
        """By program."""
        entries = cast(list[dict[str, Any]], self._proxy.lab.programs())
        return {entry["name"]: State(**entry) for entry in entries}

    def start(self, program: str) -> None:
        """Returns once it is forked. Raises LocalError when that cannot be."""
        try:
            self._proxy.supervisor.startProcess(program, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != _ALREADY_STARTED:
                raise LocalError(Problem(program, fault.faultString, "it must start", "")) from fault

    def stop(self, program: str) -> None:
        """Returns once it has ended; supervisord kills it when it ignores the stop signal."""
        try:
            self._proxy.supervisor.stopProcess(program, True)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != _NOT_RUNNING:
                raise

    def reread(self) -> tuple[list[str], list[str], list[str]]:
        """Read the configuration again: programs added, changed, removed. Nothing is started or stopped."""
        [[added, changed, removed]] = cast(list[list[list[str]]], self._proxy.supervisor.reloadConfig())
        return added, changed, removed

    def add(self, program: str) -> None:
        self._proxy.supervisor.addProcessGroup(program)

    def remove(self, program: str) -> None:
        self._proxy.supervisor.removeProcessGroup(program)

    def shutdown(self) -> None:
        self._proxy.supervisor.shutdown()


class _Door(http.client.HTTPConnection):
    """HTTP over the unix socket of the run folder.

    As in supervisord's configuration: the folder's own path may be longer than a socket's address can be.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("supervisord", timeout=RPC_WITHIN)
        self._folder = folder

    def connect(self) -> None:
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{SOCKET}")
        finally:
            os.close(folder)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        if self._connection[1] is None:
            self._connection = None, _Door(self._folder)
        return cast(_Door, self._connection[1])


@contextmanager
def connect(folders: Folders) -> Iterator[Supervisord]:
    """Raises OSError from the first call when it does not listen, or does not answer within RPC_WITHIN."""
    with xmlrpc.client.ServerProxy("http://supervisord/RPC2", transport=_Transport(folders.run)) as proxy:
        yield Supervisord(proxy)


def wait_gone(pid: int, seconds: float | None) -> bool:
    """Wait for a process to end, ours to reap or not; False when it lives after `seconds` (None: for ever)."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))
    finally:
        os.close(handle)


def kill(folders: Folders) -> None:
    """End a supervisord that no longer answers. The kernel then signals its programs (see `launch`)."""
    pid = int((folders.run / PID).read_text())
    os.kill(pid, signal.SIGKILL)
    wait_gone(pid, seconds=5)
