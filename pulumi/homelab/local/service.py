"""What runs on this machine: services, the processes of each, and what makes one ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Http:
    """Ready when GET `path` on loopback answers 200 and the body holds `body`."""

    port: int
    path: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """Ready when Postgres lets `user` in with the password in the file and answers `SELECT 1`."""

    port: int
    user: str
    database: str
    password: Path


@dataclass(frozen=True, slots=True)
class Finished:
    """Ready when the process has ended with exit code 0: a step, not a server."""


Check = Http | Login | Finished


@dataclass(frozen=True, slots=True)
class Port:
    """A loopback port and the key of `local.ports` that moves it (None: we chose it ourselves)."""

    key: str | None
    number: int


@dataclass(frozen=True, slots=True)
class Writes:
    """How a server that stays without writing after a full disk says so: `homelab.local.full_disk` asks.

    A GET of `path` on its loopback port, or a POST of the SPARQL `update`, which changes nothing.
    """

    port: int
    path: str
    folder: Path
    update: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """One process. `argv` and `env` never hold a secret."""

    name: str
    argv: tuple[str, ...]
    check: Check
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    writes: Writes | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """One or more equal processes, each under the same memory limit.

    `secrets` maps environment names to files of mode 0600; `files` maps configuration files to their texts, whose
    change restarts the service; `limit_mib` holds for each process with its descendants (None: no limit).
    Times are in seconds.
    """

    name: str
    consumer: str
    programs: tuple[Program, ...]
    needs: tuple[str, ...] = ()
    secrets: Mapping[str, Path] = field(default_factory=dict)
    files: Mapping[Path, str] = field(default_factory=dict)
    limit_mib: int | None = None
    stop_signal: str = "TERM"
    stop_within: int = 10
    ready_within: float = 30.0
    oom_score_adj: int = 0
    as_ordinary_user: bool = False
    """Run in a user namespace where root is another uid, for a program that refuses root."""

    @property
    def is_step(self) -> bool:
        """A step runs once and ends; everything else is kept running."""
        return all(isinstance(program.check, Finished) for program in self.programs)
