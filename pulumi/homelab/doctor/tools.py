"""The programs that recipes call, with their versions; those that only some work needs, with what for."""

import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homelab.doctor.finding import Finding, Id
from homelab.lab import ROOT
from homelab.tools import find
from homelab.tools.wheels import JUST, UV, Wheel

Version = tuple[int, ...]

OLDEST_PYTHON: Version = (3, 11)
NEWEST_PYTHON: Version = (3, 13)
"""What pyproject.toml asks for as `requires-python`; ansible-core and the servers' wheels set both ends."""

ANSWERS_WITHIN = 5.0
"""Seconds for `--version`; a program that hangs is none."""


@dataclass(frozen=True, slots=True)
class Optional:
    """A program that only some work calls."""

    program: str
    purpose: str
    mend: str


OPTIONAL = (
    Optional("ssh", "to audit other hosts", "sudo apt install openssh-client"),
    Optional("fio", "for --storage-benchmark on this machine", "sudo apt install fio"),
    Optional("iperf3", "for --network-benchmark on this machine", "sudo apt install iperf3"),
    Optional("cargo", "to build Garage", "install Rust with rustup (Debian's own is too old)"),
    Optional("cc", "to build Garage", "sudo apt install build-essential"),
    Optional("go", "to build what ./lab sandbox-up starts", "install Go 1.26 or newer from https://go.dev/dl"),
    Optional("garage", "to keep objects in Garage, else they lie in a folder", "./lab tools garage"),
)


def findings() -> Iterator[Finding]:
    yield python(tuple(map(int, platform.python_version_tuple()[:2])))
    yield brought_along("tools.uv", UV, _version(_own_or_any(UV)))
    yield brought_along("tools.just", JUST, _version(_own_or_any(JUST)))
    yield git(_version("git"))
    for tool in OPTIONAL:
        yield optional(tool, _where(tool.program))


def python(version: Version) -> Finding:
    given = f"{_dotted(version)}, of {_dotted(OLDEST_PYTHON)} to {_dotted(NEWEST_PYTHON)}"
    if OLDEST_PYTHON <= version <= NEWEST_PYTHON:
        return Finding("tools.python", "python", "ok", given)
    mend = f"LAB_PYTHON=python{_dotted(NEWEST_PYTHON)} ./lab doctor, with such a Python installed"
    return Finding("tools.python", "python", "fail", given, mend)


def brought_along(name: Id, wheel: Wheel, version: Version | None) -> Finding:
    """uv and just, which `./lab` fetches where they are absent or too old."""
    least = _dotted(wheel.minimum)
    if version is not None and version >= wheel.minimum:
        return Finding(name, wheel.program, "ok", f"{_dotted(version)}, at least {least}")
    given = "not found" if version is None else f"{_dotted(version)}, while {least} is needed"
    return Finding(name, wheel.program, "warn", given, "call ./lab, which brings it along")


def git(version: Version | None) -> Finding:
    """Only a checkout that is worked on needs it, or `test`, whose rules read the tree as git sees it."""
    if version is not None:
        return Finding("tools.git", "git", "ok", _dotted(version))
    return Finding("tools.git", "git", "warn", "not found; updates and ./lab test need it", "sudo apt install git")


def optional(tool: Optional, path: Path | None) -> Finding:
    """Never a fault: what it is for may never be wanted."""
    if path is not None:
        return Finding("tools.optional", tool.program, "ok", str(path))
    return Finding("tools.optional", tool.program, "ok", f"not found; only {tool.purpose}", tool.mend)


def _own_or_any(wheel: Wheel) -> str:
    """What `./lab` takes: the pinned one that it fetched before, else the one on PATH."""
    pinned = ROOT / ".tools" / wheel.home / wheel.program
    return str(pinned) if pinned.is_file() else wheel.program


def _where(program: str) -> Path | None:
    if program == "garage":
        return find(program)
    found = shutil.which(program)
    return None if found is None else Path(found)


def _version(program: str) -> Version | None:
    """`just 1.59.0` → (1, 59, 0); None for one that is not there or does not say."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=ANSWERS_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\b\d+(\.\d+)+", said.stdout) if said.returncode == 0 else None
    return None if found is None else tuple(map(int, found[0].split(".")))


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))
