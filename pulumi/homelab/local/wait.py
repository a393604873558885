"""Wait until a program is ready, or say why it is not."""

import time
from threading import Event

from homelab.errors import LocalError, Problem
from homelab.local.folders import Folders
from homelab.local.ready import Stranger, is_ready
from homelab.local.service import Finished, Program, Service
from homelab.local.supervisord import State, connect

LOOK_EVERY = 0.04
"""Seconds between two looks; a look costs about 3 ms of one core."""

_ENDED = ("EXITED", "BACKOFF", "FATAL", "STOPPED", "UNKNOWN")
_LOG_TAIL = 2048  # bytes
_LOG_LINES = 3


def wait_ready(
    folders: Folders, service: Service, program: Program, before: State, log_size: int, cancelled: Event
) -> None:
    """Returns when the program is ready or `cancelled` is set.

    `before`: its state, and `log_size` its log's bytes, when it was started. Raises LocalError with the last lines
    of its log when it ends, takes longer than the service's `ready_within`, or finds a stranger on its port.
    """
    deadline = time.monotonic() + service.ready_within
    with connect(folders) as supervisor:
        while not cancelled.is_set():
            state = supervisor.states()[program.name]
            if isinstance(program.check, Finished) and state.state == "EXITED" and state.exit_status == 0:
                return
            if state.state in _ENDED or state.restarts > before.restarts:
                raise _failed(folders, program, "it ended while starting", log_size)
            try:
                if state.pid and is_ready(program, state.pid):
                    return
            except Stranger as stranger:
                given = f"port {stranger.port} is answered by {stranger.owner}, not by us"
                raise _failed(folders, program, given, log_size) from None
            if time.monotonic() > deadline:
                raise _failed(folders, program, f"not ready after {service.ready_within:.0f} s", log_size)
            cancelled.wait(LOOK_EVERY)


def log_size(folders: Folders, program: str) -> int:
    path = folders.log_of(program)
    return path.stat().st_size if path.exists() else 0


def _failed(folders: Folders, program: Program, given: str, since: int) -> LocalError:
    lines = last_lines(folders, program.name, since)
    said = "its log says: " + " / ".join(lines) if lines else "its log says nothing"
    return LocalError(Problem(program.name, given, said, f"see {folders.log_of(program.name)}"))


def last_lines(folders: Folders, program: str, since: int = 0) -> list[str]:
    """The last lines that the program wrote after its log had `since` bytes (all of a log rotated meanwhile)."""
    path = folders.log_of(program)
    if not path.exists():
        return []
    with path.open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(since if since <= size else 0, size - _LOG_TAIL))
        lines = log.read().decode(errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip()][-_LOG_LINES:]
