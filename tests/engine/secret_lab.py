"""A lab with its secrets in a folder of its own, and keys that are nobody's: for tests with real sops and age."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from homelab.cli import run
from homelab.errors import MissingTool
from homelab.lab import Lab, load
from homelab.sops import Place, place
from homelab.sops.programs import age_keygen, sops
from homelab.tools.tool import cache

LAB = "version: 1\nhosts: {desktop: {address: local}}\ncluster: {context: here}\n"


@dataclass
class SecretLab:
    folder: Path

    @property
    def lab(self) -> Lab:
        return load(self.folder / "lab.yaml")

    @property
    def place(self) -> Place:
        return place(self.lab)

    def init(self, *flags: str) -> None:
        assert run(["secrets", "init", *flags]) == 0

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.place.folder.iterdir()}

    def key(self, name: str) -> tuple[Path, str]:
        """A new private key's file, and its public half."""
        path = self.folder / name
        subprocess.run([age_keygen(), "-o", path], check=True, capture_output=True)
        told = subprocess.run([age_keygen(), "-y", path], check=True, capture_output=True, text=True)
        return path, told.stdout.strip()

    def sops(self, *arguments: str | Path, given: str = "") -> str:
        """Plain sops as a person calls it in the lab's folder."""
        command = [sops(), *arguments]
        ended = subprocess.run(command, cwd=self.folder, input=given, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout


def make(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SecretLab:
    """The person's own keys and variables are out of sight; skips where sops or age is not there."""
    try:
        sops(), age_keygen()
    except MissingTool as missing:
        pytest.skip(str(missing))
    for name in list(os.environ):
        if name.startswith("SOPS_"):
            monkeypatch.delenv(name)
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache().parents[1]))  # so that children find the pinned tools
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("HOMELAB_FILE", str(folder / "lab.yaml"))
    monkeypatch.chdir(folder)
    (folder / "lab.yaml").write_text(LAB)
    return SecretLab(folder)
