"""Servers and command-line tools that no Python package carries: pinned, built from source once, kept in a cache.

The cache lies outside the checkout and is keyed by the hash of the pin, so a second checkout builds nothing and a
changed pin never meets an old build.
"""

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from homelab.tools.needs import Need


@dataclass(frozen=True, slots=True)
class Tool:
    """One pin. `build` is run in order; `{home}` is what it fills (programs in bin/), `{work}` is scratch."""

    name: str
    version: str
    programs: tuple[str, ...]
    build: tuple[tuple[str, ...], ...]
    needs: tuple[Need, ...]
    takes: str

    @property
    def home(self) -> Path:
        """Where its build lies or will lie."""
        pin = json.dumps([self.name, self.version, self.build, platform.machine()])
        return cache() / f"{self.name}-{hashlib.sha256(pin.encode()).hexdigest()[:12]}"

    @property
    def built(self) -> bool:
        return all(os.access(self.home / "bin" / program, os.X_OK) for program in self.programs)


def cargo(name: str, version: str, *, programs: tuple[str, ...], takes: str) -> Tool:
    """A crate built with the versions that its own lock file names."""
    command = ("cargo", "install", name, "--version", version, "--locked", "--no-track")
    return Tool(
        name,
        version,
        programs,
        ((*command, "--root", "{home}", "--target-dir", "{work}"),),
        (
            Need("cc", package="build-essential"),
            Need("cargo", how="install Rust with rustup (Debian's own is too old)"),
        ),
        takes,
    )


TOOLS = {
    tool.name: tool
    for tool in (
        # 2.3.0: the first with `server --single-node --default-bucket`, which the local platform starts it by
        cargo("garage", "2.3.0", programs=("garage",), takes="about 6 min on 2 cores"),
    )
}


def cache() -> Path:
    """`$XDG_CACHE_HOME/homelab/tools`, by default below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "homelab/tools"


def find(program: str) -> Path | None:
    """The program's path if the pinned tool that brings it has been built, else None."""
    tool = next((tool for tool in TOOLS.values() if program in tool.programs), None)
    return tool.home / "bin" / program if tool is not None and tool.built else None
