"""Writing so that a crash leaves the whole file or none of it."""

import os
from pathlib import Path


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Raises FileExistsError where there is a file already."""
    complete = _beside(path, content, mode)
    try:
        os.link(complete, path)
    finally:
        complete.unlink()


def replace(path: Path, content: bytes, mode: int) -> None:
    _beside(path, content, mode).replace(path)


def _beside(path: Path, content: bytes, mode: int) -> Path:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return new
