"""Who listens on a loopback port, and which ports are free."""

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from homelab.errors import LocalError, Problem
from homelab.local.service import Port

LOOPBACK = "127.0.0.1"

COMMAND_WIDTH = 26
"""Characters of a stranger's command line, so that the message about it stays within 100."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process that has a port; `pid` is None when the kernel does not show it to us."""

    pid: int | None
    command: str

    def __str__(self) -> str:
        return self.command if self.pid is None else f"pid {self.pid} ({self.command})"


def is_free(port: int) -> bool:
    """Whether a server could listen on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection's TIME_WAIT is no owner
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def owner(port: int) -> Owner | None:
    """The process that listens on the port, else one whose outgoing connection begins at it."""
    taken = [one for one in psutil.net_connections(kind="tcp") if one.laddr and one.laddr.port == port]
    taken.sort(key=lambda one: one.status != psutil.CONN_LISTEN)
    if not taken:
        return None
    pid = taken[0].pid
    return Owner(None, "another user's process") if pid is None else Owner(pid, _command(pid))


def _command(pid: int) -> str:
    try:
        process = psutil.Process(pid)
        words = process.cmdline() or [process.name()]
    except psutil.Error:
        return "a process that has just ended"
    text = " ".join([Path(words[0]).name, *words[1:]])
    return text if len(text) <= COMMAND_WIDTH else text[: COMMAND_WIDTH - 1] + "…"


def check_free(ports: Iterable[tuple[str, Port]]) -> None:
    """`ports`: (program, port). Raises LocalError with every taken port at once."""
    problems = [
        Problem(
            f"port {port.number} for {program}",
            f"taken by {owner(port.number) or 'a process that has just ended'}",
            "",
            f"stop it or set local.ports.{port.key}" if port.key else "stop it",
        )
        for program, port in ports
        if not is_free(port.number)
    ]
    if problems:
        raise LocalError(*problems)


def free() -> int:
    """A port that nobody listens on now; another call may give the same, however seldom."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def remembered(path: Path, *, in_use: bool) -> int:
    """The port noted in the file, so that it stays the same between runs; a new one when a stranger has it.

    `in_use`: our own program listens on it now. A new one is in no other file `port-…` of the folder.
    """
    if path.exists():
        port = int(path.read_text())
        if in_use or is_free(port):
            return port
    noted = {int(other.read_text()) for other in path.parent.glob("port-*") if other != path}
    port = next(port for port in iter(free, None) if port not in noted)
    path.write_text(str(port))
    return port


def tree(pid: int) -> set[int]:
    """The process and its descendants; empty once it has ended."""
    try:
        process = psutil.Process(pid)
        return {pid, *(child.pid for child in process.children(recursive=True))}
    except psutil.NoSuchProcess:
        return set()


def sockets(port: int) -> set[str]:
    """The inodes of the port's listening sockets (proc_net_tcp(5): local address, state 0A is LISTEN, inode)."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue  # a kernel without IPv6
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def hold(pids: Iterable[int], inodes: set[str]) -> bool:
    """Whether one of our own processes has one of these sockets open, in a user namespace too."""
    return any(not inodes.isdisjoint(_sockets_of(pid)) for pid in pids)


def _sockets_of(pid: int) -> set[str]:
    inodes = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  names are all that is needed
            target = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    except (FileNotFoundError, ProcessLookupError):
        return inodes  # it ended while we looked
    return inodes
