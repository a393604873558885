"""Where a lab's secrets, their rules and the keys that open them lie."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from homelab.lab import Lab

SUFFIX = ".sops.yaml"


@dataclass(frozen=True, slots=True)
class Place:
    """`folder` holds the encrypted files; `key_file` the private age keys of this machine's person."""

    folder: Path
    key_file: Path

    @property
    def rules(self) -> Path:
        """SOPS' own file of creation rules. Beside the folder, where sops finds it from a checkout's root."""
        return self.folder.parent / ".sops.yaml"

    @property
    def recovery(self) -> Path:
        """The private half of the recovery key, until the person has moved it away."""
        return self.key_file.parent / "homelab-recovery.txt"

    def file(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def names(self) -> list[str]:
        """Of every *.sops.yaml that is there."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))


def place(lab: Lab) -> Place:
    """A lab without a cluster has its secrets beside lab.yaml, as a cluster has by default."""
    cluster = lab.cluster
    folder = lab.path.parent / "secrets" if cluster is None else cluster.secrets
    own = None if cluster is None else cluster.age_key_file
    return Place(folder, own or standard_key_file())


def standard_key_file() -> Path:
    """Where sops itself looks: $SOPS_AGE_KEY_FILE, else sops/age/keys.txt in the folder of settings."""
    named = os.environ.get("SOPS_AGE_KEY_FILE")
    if named:
        return Path(named).expanduser().absolute()
    return default_key_file()


def default_key_file() -> Path:
    """Where sops looks too, whatever $SOPS_AGE_KEY_FILE says."""
    home = Path.home()
    default = home / "Library/Application Support" if sys.platform == "darwin" else home / ".config"
    return Path(os.environ.get("XDG_CONFIG_HOME") or default) / "sops/age/keys.txt"
