"""Paths as a person gives them → the files below them, each once, and a line for what cannot be taken."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.problem import Problem, shown

SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "CVS"})
"""Folders of tools, full of files that nobody wrote; hidden ones (.git, .venv) are left out by their name."""

_Identity = tuple[int, int]  # device and inode

_VENV_MARK = "pyvenv.cfg"  # PEP 405: every virtual environment has one, whatever its name


class Walk:
    """One walk over `paths`; iterate it once, then read `notes`.

    Symbolic links are followed. A file or folder that several paths lead to comes once.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._seen: set[_Identity] = set()
        self._hidden = 0
        self._tools: list[str] = []

    def __iter__(self) -> Iterator[Path | Problem]:
        for path in self._paths:
            yield from self._visit(path, ())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out on purpose, for people."""
        notes = []
        if self._hidden:
            notes.append(f"left out {self._hidden} hidden files and folders; name them to have them taken")
        if self._tools:
            notes.append(f"left out folders of tools: {', '.join(self._tools)}")
        return tuple(notes)

    def _visit(self, path: Path, above: tuple[_Identity, ...]) -> Iterator[Path | Problem]:
        where = shown(path)
        try:
            status = path.stat()
        except OSError as error:
            yield _unreachable(path, error)
            return
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            yield Problem(
                where,
                "a link to a folder that it lies in",
                "folders must not contain themselves",
                "remove the link; everything else in the folder is taken",
            )
            return
        if identity in self._seen:
            return
        self._seen.add(identity)
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(path, above, identity)
        elif stat.S_ISREG(status.st_mode):
            yield path
        else:
            yield Problem(where, "a device, pipe or socket", "documents are files", "leave it out")

    def _folder(self, path: Path, above: tuple[_Identity, ...], identity: _Identity) -> Iterator[Path | Problem]:
        try:
            names = sorted(child.name for child in path.iterdir())
        except OSError as error:
            yield _unreachable(path, error)
            return
        if above and (path.name in SKIPPED_FOLDERS or _VENV_MARK in names):
            self._tools.append(shown(path))
            return
        for name in names:
            if name.startswith("."):
                self._hidden += 1
            else:
                yield from self._visit(path / name, (*above, identity))


def unreachable(paths: Sequence[Path]) -> Iterator[Problem]:
    """For each of `paths` itself that cannot be reached; nothing below them is looked at."""
    for path in paths:
        try:
            path.stat()
        except OSError as error:
            yield _unreachable(path, error)


def _unreachable(path: Path, error: OSError) -> Problem:
    where = shown(path)
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return Problem(where, "a link to nothing", "a link must lead to a file", "remove or mend the link")
        return Problem(where, "no such file or folder", "paths must exist", "check the spelling")
    if isinstance(error, PermissionError):
        return forbidden(path)
    return Problem(where, os.strerror(error.errno or 0).lower(), "a path must lead to a file or folder", "mend it")


def forbidden(path: Path) -> Problem:
    return Problem(
        shown(path),
        "no permission to read it",
        "documents are read as whoever runs this",
        "chmod or chown it",
    )
