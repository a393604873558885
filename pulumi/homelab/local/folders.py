"""Where the local platform keeps what: one data folder, everything below it."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """`data` holds what must survive; `run` only what belongs to running processes."""

    data: Path

    @property
    def run(self) -> Path:
        return self.data / "run"

    @property
    def log(self) -> Path:
        return self.data / "log"

    @property
    def config(self) -> Path:
        return self.data / "config"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets"

    @property
    def objects(self) -> Path:
        """Documents, where no Garage keeps them."""
        return self.data / "objects"

    @property
    def programs(self) -> Path:
        return self.run / "programs"

    @property
    def pids(self) -> Path:
        """One file per program, `pid start-time`, written by the launcher: proof that a process is ours."""
        return self.run / "pids"

    @property
    def identity(self) -> str:
        """Names this platform among several on one machine, whatever characters its path has."""
        return sha256(str(self.data.resolve()).encode()).hexdigest()[:12]

    def create(self) -> None:
        """Everything is for the owner only."""
        for folder in (self.data, self.run, self.log, self.config, self.secrets, self.programs, self.pids):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def log_of(self, program: str) -> Path:
        return self.log / f"{program}.log"
