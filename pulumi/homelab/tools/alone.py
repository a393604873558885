"""Work that must not be done twice at once: the second run waits for the first, and says so."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, doing: str) -> Iterator[None]:
    """Hold `lock`, a file that is made and stays; whoever waits is told on standard error what for."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"waiting for another run: {doing} …\n")
            sys.stderr.flush()
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
