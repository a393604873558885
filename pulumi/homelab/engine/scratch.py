"""A folder for what one run writes on the side, keys among it: gone with the run, or with the one after a kill."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """Below `folder`, named for this process; those of processes that ended are removed first."""
    for left in folder.iterdir():
        owner = left.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=f"{os.getpid()}-", dir=folder) as made:
        yield Path(made)
