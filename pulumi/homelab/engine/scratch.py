"""A folder for what one run writes on the side, keys among it: gone with the run, or with the one after a kill."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

ENGINE = "pulumi"
VARIABLE = "TMPDIR"
"""Every process of a run has its folder here, so what outlives a killed run is known for certain."""


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Below `folder`, named for this process. First, what killed runs left is ended and removed: the engine's
    language host does not notice that the engine has gone.
    """
    for left in folder.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _remove(left)
    with tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=folder) as made:
        yield Path(made)


def _remove(left: Path) -> None:
    """Nothing, while the engine that was started with it lives: it can outlive the process that started it."""
    processes = list(_users(left))
    if any(process.name() == ENGINE for process in processes):
        return
    for process in processes:
        process.kill()
    psutil.wait_procs(processes)
    with suppress(FileNotFoundError):  # a run of another stack may be at it too
        shutil.rmtree(left)


def _users(folder: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get(VARIABLE) == str(folder):
                yield process
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue  # another person's, or gone: not ours
