"""One pinned tool: what is built, from what, and where its build lies.

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
    """One pin: `programs` are what its build puts into bin/.

    `build` is run in order; in its arguments `{home}` is the folder to fill, `{work}` is scratch and `{source}` is
    `source`: the folder of files that belong to the pin (modules with their checksums, a program of our own).
    `environment` is added to the person's while it is built.
    """

    name: str
    version: str
    programs: tuple[str, ...]
    build: tuple[tuple[str, ...], ...]
    needs: tuple[Need, ...]
    takes: str
    source: Path | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def home(self) -> Path:
        """Where its build lies or will lie."""
        pin = [self.name, self.version, self.build, platform.machine(), *self._inputs()]
        return cache() / f"{self.name}-{hashlib.sha256(json.dumps(pin).encode()).hexdigest()[:12]}"

    @property
    def built(self) -> bool:
        return all(os.access(self.home / "bin" / program, os.X_OK) for program in self.programs)

    def _inputs(self) -> list[object]:
        """What else decides the build: its environment, and name and hash of every file of its source."""
        if self.source is None:
            return [self.environment] if self.environment else []
        return [
            self.environment,
            [
                (path.relative_to(self.source).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
                for path in sorted(self.source.rglob("*"))
                if path.is_file()
            ],
        ]


def cache() -> Path:
    """`$XDG_CACHE_HOME/homelab/tools`, by default below ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "homelab/tools"
