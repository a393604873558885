"""Where a lab keeps what the engine writes: below the lab's data folder, nothing in the checkout."""

from dataclasses import dataclass
from pathlib import Path

PROJECT = "homelab"
"""The name in Pulumi.yaml; the engine files state and locks under it."""


@dataclass(frozen=True, slots=True)
class Folders:
    """`root` is `<data_dir>/pulumi`. It holds the state, which holds encrypted secrets: for the owner only."""

    root: Path

    @property
    def backend(self) -> Path:
        return self.root / "backend"

    @property
    def project(self) -> Path:
        """The engine's project folder: Pulumi.yaml pointing at the checkout, and the stacks' configuration."""
        return self.root / "project"

    @property
    def run(self) -> Path:
        """Scratch folders, one for each run; what a killed one leaves is removed by the next."""
        return self.root / "run"

    def config(self, stack: str) -> Path:
        return self.project / "stacks" / f"Pulumi.{stack}.yaml"

    def locks(self, stack: str) -> Path:
        return self.backend / ".pulumi/locks/organization" / PROJECT / stack

    def state(self, stack: str) -> Path:
        return self.backend / ".pulumi/stacks" / PROJECT / f"{stack}.json"

    def create(self) -> None:
        for folder in (self.root, self.backend, self.project, self.project / "stacks", self.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
