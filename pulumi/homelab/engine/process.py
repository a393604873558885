"""The engine as a child of ours: Ctrl-C is its business, and it is always waited for."""

import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

STDERR = 2
"""Where the engine's own output goes while stdout belongs to a JSON document."""


def follow(argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, quiet_stdout: bool) -> int:
    """Run to the end in the person's terminal; returns the exit status."""
    stdout = STDERR if quiet_stdout else None
    with subprocess.Popen(argv, env=env, cwd=cwd, stdout=stdout) as child, _interrupts_of(child):
        return child.wait()


@contextmanager
def _interrupts_of(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """A first Ctrl-C makes the engine end its operations in order; a parent that died of it would orphan them."""
    handlers = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),  # the terminal sends it to the child as well
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.send_signal(signal.SIGINT)),
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def answer(argv: Sequence[str], env: Mapping[str, str], cwd: Path, given: str | None = None) -> str:
    """What a short command prints. Raises CalledProcessError with its messages."""
    ended = subprocess.run(argv, env=env, cwd=cwd, input=given or "", capture_output=True, text=True, check=True)
    return ended.stdout
