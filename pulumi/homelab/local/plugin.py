"""Runs inside supervisord: makes a restart immediate and counts it.

supervisord looks for dead children about once a second and starts the replacement one look later. Here its poll
is woken by the signal that a child's end sends, and again once the end is noted, so that the replacement starts
within milliseconds. Named by `rpcinterface_factory` in the rendered configuration; its methods are the `lab`
namespace of supervisord's XML-RPC.
"""

import os
import signal
import socket
from collections import Counter
from contextlib import suppress
from typing import Any

from supervisor import events
from supervisor.medusa import asyncore_25
from supervisor.process import Subprocess
from supervisor.states import ProcessStates, getProcessStateDescription


class Waker:
    """A socket pair in supervisord's poll: a byte written to it ends the poll."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        asyncore_25.socket_map[self._reader.fileno()] = self
        # Python's own handler only sets a flag, and poll() resumes after it: this makes the signal end the poll.
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)

    def wake(self) -> None:
        try:
            self._writer.send(b"\0")
        except BlockingIOError:
            return  # a full buffer wakes as well as one byte more

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._reader.recv(4096)

    def handle_error(self) -> None:
        """supervisord calls it in its own except block: a broken pair cannot be mended, so it is let through."""
        raise


class LabInterface:
    """The `lab` namespace. Public methods are callable over XML-RPC, which knows no None: 0 stands for it."""

    def __init__(self, supervisord: Any) -> None:
        self._supervisord = supervisord
        self._waker = Waker()
        self._restarts: Counter[str] = Counter()
        events.subscribe(events.ProcessStateStartingEvent, self._on_start)
        for ended in (
            events.ProcessStateExitedEvent,
            events.ProcessStateBackoffEvent,
            events.ProcessStateStoppedEvent,
        ):
            events.subscribe(ended, self._on_end)

    def programs(self) -> list[dict[str, Any]]:
        """One entry per program: name, state, pid, start (Unix seconds), restarts, exit status (-1: none yet)."""
        return [
            {
                "name": process.config.name,
                "state": getProcessStateDescription(process.get_state()),
                "pid": process.pid,
                "started": process.laststart,
                "restarts": self._restarts[process.config.name],
                "exit_status": -1 if process.exitstatus is None else process.exitstatus,
            }
            for group in self._supervisord.process_groups.values()
            for process in group.processes.values()
        ]

    def _on_start(self, event: Any) -> None:
        process: Subprocess = event.process
        if process.config.autorestart and event.from_state in (ProcessStates.EXITED, ProcessStates.BACKOFF):
            self._restarts[process.config.name] += 1

    def _on_end(self, event: Any) -> None:
        process: Subprocess = event.process
        if process.pid > 1:  # 0 when it could not even be forked
            # What the dead program left of its process group would keep its ports and its memory.
            with suppress(ProcessLookupError):  # it left nothing
                os.killpg(process.pid, signal.SIGKILL)
        if process.state == ProcessStates.BACKOFF:
            if process.backoff == 1:
                process.delay = 0  # the first retry is immediate; supervisord's 2, 3, 4 … seconds follow
            if process.config.autorestart:
                # It would give up beyond startretries, for ever: a server that cannot start while the disk is
                # full shall be there again when it is not.
                process.backoff = min(process.backoff, process.config.startretries)
        self._waker.wake()


def make(supervisord: Any, **_settings: str) -> LabInterface:
    """supervisord's `rpcinterface_factory`."""
    return LabInterface(supervisord)
