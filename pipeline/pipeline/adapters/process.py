"""A process that a worker keeps beside it for a library that may take memory, time or itself along."""

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from pipeline.errors import Misconfigured, Unavailable


@dataclass(frozen=True, slots=True)
class Reply:
    """`head` says what came of it, as the module that runs there tells; `body` is the result, if there is one."""

    head: dict[str, Any]
    body: bytes

    @property
    def goes_on(self) -> bool:
        """Whether the process serves on after this reply: not after the last words of `child.Replies`."""
        return not self.head.keys() & {"memory", "stumbled"}


class Process:
    """One process of the module that serves requests in turn. Its log goes where the worker's goes.

    `where` names it in what is raised.
    """

    def __init__(self, module: str, where: str) -> None:
        command = [sys.executable, "-m", module]
        self._where = where
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._stdin = cast(BinaryIO, self._popen.stdin)
        self._stdout = cast(BinaryIO, self._popen.stdout)
        self._ready = False
        self.served = 0

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, request: dict[str, Any], raw: bytes, timeout: float) -> Reply:
        """Raises Unavailable when time ran out or the process was killed, Misconfigured when it cannot start."""
        late = threading.Event()
        timer = threading.Timer(timeout, self._too_late, (late,))
        timer.start()
        try:
            reply = self._exchange(request, raw)
        finally:
            timer.cancel()
        if reply is None:
            raise self._death(f"took more than {timeout:.0f} s" if late.is_set() else None)
        self.served += 1
        return reply

    def kill(self) -> None:
        """At once; whoever waits for a reply gets Unavailable."""
        self._popen.kill()

    def end(self) -> None:
        """Kill it and give back what it held."""
        self._popen.kill()
        self._popen.wait()
        self._stdout.close()
        # What is left of a request has no reader any more.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def _too_late(self, late: threading.Event) -> None:
        late.set()
        self.kill()

    def _exchange(self, request: dict[str, Any], raw: bytes) -> Reply | None:
        if not self._ready:
            if not self._stdout.readline():
                return None
            self._ready = True
        try:
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.write(raw)
            self._stdin.flush()
        except BrokenPipeError:
            return None
        line = self._stdout.readline()
        if not line:
            return None
        head = json.loads(line)
        return Reply(head, self._stdout.read(head.get("size", 0)))

    def _death(self, reason: str | None) -> Exception:
        code = self._popen.wait()
        if reason is None and not self._ready and code > 0:
            return Misconfigured(self._where, f"its process does not start (exit code {code}); its log says why")
        return Unavailable(self._where, reason or "its process was killed, probably for want of memory")


class Kept:
    """One process of the module at a time, for requests from any thread in turn.

    It is replaced when it died, was late or stumbled, and after `most` requests: fragmented memory adds up.
    """

    def __init__(self, module: str, where: str, timeout: float, most: int | None = None) -> None:
        self._module, self._where = module, where
        self._timeout, self._most = timeout, most
        self._lock = threading.Lock()
        self._process: Process | None = None

    def start(self) -> None:
        """Begin to load the libraries, so that the first request need not wait. Optional."""
        with self._lock:
            self._running()

    def ask(self, request: dict[str, Any], raw: bytes) -> Reply:
        """Raises as `Process.ask`."""
        with self._lock:
            process = self._running()
            try:
                reply = process.ask(request, raw, self._timeout)
            except Unavailable:
                self._end()
                raise
            if not reply.goes_on or process.served == self._most:
                self._end()
        return reply

    def close(self) -> None:
        """End it, also while another thread waits for it: that one gets Unavailable."""
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def _running(self) -> Process:
        if self._process is not None and not self._process.alive:
            self._end()
        if self._process is None:
            self._process = Process(self._module, self._where)
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
