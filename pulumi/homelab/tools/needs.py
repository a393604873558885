"""Programs of the system that some work calls: looked for before it begins, named in one line when absent."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass

from homelab.errors import MissingTool, Problem


@dataclass(frozen=True, slots=True)
class Need:
    """A program, and the Debian package that brings it or else (`how`) what a person does to get it."""

    program: str
    package: str = ""
    how: str = ""


def require(where: str, needs: Iterable[Need]) -> None:
    """Raises MissingTool with one problem that names everything absent and the command that brings it."""
    absent = [need for need in needs if shutil.which(need.program) is None]
    if not absent:
        return
    names = " and ".join(need.program for need in absent)
    packages = [need.package for need in absent if need.package]
    ways = [f"sudo apt install {' '.join(packages)}"] if packages else []
    ways += [need.how for need in absent if need.how]
    verb = "is" if len(absent) == 1 else "are"
    raise MissingTool(Problem(where, f"{names} {verb} not on PATH", "", "; ".join(ways)))
