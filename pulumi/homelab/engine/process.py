"""The engine as a child of ours: Ctrl-C is its business, and it is always waited for."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STDERR = 2
"""Where the engine's own output goes while stdout belongs to a JSON document."""


def follow(argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, quiet_stdout: bool) -> int:
    """Run to the end in the person's terminal; returns the exit status.

    Raises KeyboardInterrupt once a child that was interrupted has ended, unless it had done its work.
    """
    stdout = STDERR if quiet_stdout else None
    with subprocess.Popen(argv, env=env, cwd=cwd, stdout=stdout) as child, _interrupts_of(child) as came:
        status = child.wait()
    if status and came:
        raise KeyboardInterrupt
    return status


@contextmanager
def _interrupts_of(child: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """The signals that came. A first Ctrl-C makes the engine end its operations in order; a parent that died of it
    would orphan them.
    """
    came: list[int] = []

    def ended(number: int, _: object) -> None:
        came.append(number)
        if number == signal.SIGTERM:
            child.send_signal(signal.SIGINT)  # a terminal's Ctrl-C it has got itself

    handlers = {number: signal.signal(number, ended) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def answer(argv: Sequence[str], env: Mapping[str, str], cwd: Path, given: str | None = None) -> str:
    """What a short command prints. Raises CalledProcessError with its messages."""
    ended = subprocess.run(argv, env=env, cwd=cwd, input=given or "", capture_output=True, text=True, check=True)
    return ended.stdout
