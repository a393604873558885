"""One line for work that takes long: rewritten in place on a terminal, said once anywhere else."""

import os
import select
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TextIO

PATIENCE = 2.0  # seconds: shorter work says nothing at its end, so a fast run stays quiet
KEPT = 400  # lines of a program's messages kept to explain a failure; compilers are talkative


class Failed(Exception):
    """The program ended with `status` other than 0; `messages` are the last lines of its standard error."""

    def __init__(self, argv: Sequence[str], status: int, messages: Sequence[str]) -> None:
        super().__init__(f"{Path(argv[0]).name} ended with status {status}")
        self.status = status
        self.messages = tuple(messages)


class Line:
    """A title with a changing detail; leaves `title: 12 s` behind where it took longer than PATIENCE."""

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._began = time.monotonic()
        self._said = False

    def show(self, detail: str) -> None:
        seconds = time.monotonic() - self._began
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            text = f"{self._title} · {elapsed(seconds)} · {detail}"
            print(f"\r\x1b[K{text[:width]}", end="", file=self._stream, flush=True)
        elif seconds > PATIENCE and not self._said:
            print(f"{self._title} …", file=self._stream, flush=True)
            self._said = True

    def close(self, *, succeeded: bool) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
        seconds = time.monotonic() - self._began
        if succeeded and seconds > PATIENCE:
            print(f"{self._title}: {elapsed(seconds)}", file=self._stream, flush=True)


def elapsed(seconds: float) -> str:
    """`9 s`, `2 min 05 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def follow(
    argv: Sequence[str],
    title: str,
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    describe: Callable[[str], str | None] = str.strip,
    stream: TextIO | None = None,
    stdin: IO[bytes] | None = None,
) -> None:
    """Run a program under one progress line, whose detail is `describe` of its latest message.

    The program's standard error is shown to nobody unless it fails. Raises Failed.
    """
    messages: deque[str] = deque(maxlen=KEPT)
    line = Line(title, stream)
    succeeded = False
    detail = ""
    try:
        with subprocess.Popen(
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None  # noqa: S101 - given by stderr=PIPE
            for message in _lines(process.stderr.fileno()):
                if message is not None:
                    messages.append(message)
                    detail = describe(message) or detail
                line.show(detail)
            status = process.wait()
        if status:
            raise Failed(argv, status, messages)
        succeeded = True
    finally:
        line.close(succeeded=succeeded)


def _lines(descriptor: int) -> Iterator[str | None]:
    """Whole lines as they come, and None for each second without one, so that the clock moves on."""
    pending = b""
    while True:
        readable, _, _ = select.select([descriptor], [], [], 1.0)
        if not readable:
            yield None
            continue
        received = os.read(descriptor, 65536)
        if not received:
            break
        *whole, pending = (pending + received).split(b"\n")
        yield from (text.decode(errors="replace") for text in whole)
    if pending:
        yield pending.decode(errors="replace")
