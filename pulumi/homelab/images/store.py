"""buildah on a store of our own, apart from the person's containers and kept outside the checkout."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homelab.errors import MissingTool, Problem
from homelab.images.model import ROOT
from homelab.tools.needs import Need, require
from homelab.tools.progress import Failed, follow
from homelab.tools.tool import cache

BUILDAH = Need("buildah", package="buildah")


@dataclass(frozen=True, slots=True)
class Built:
    """An image in the store; `size` is in bytes, uncompressed, `base` what it was built upon."""

    id: str
    size: int
    base: str


@dataclass(frozen=True, slots=True)
class Store:
    """`home` keeps the images, `state` what holds only until the machine is started anew."""

    home: Path
    state: Path

    def command(self, *words: str) -> list[str]:
        return ["buildah", "--root", str(self.home / "storage"), "--runroot", str(self.state), *words]

    def ask(self, *words: str) -> str:
        """Raises MissingTool with buildah's own last line."""
        ended = subprocess.run(self.command(*words), capture_output=True, text=True, check=False)
        if ended.returncode:
            raise failure(words[0], ended.stderr.splitlines())
        return ended.stdout.strip()

    def follow(
        self, title: str, *words: str, describe: Callable[[str], str | None] = str.strip, log: Path | None = None
    ) -> None:
        """Under one line of progress. Raises MissingTool; then `log` has all of buildah's words."""
        try:
            follow(self.command(*words), title, cwd=ROOT, describe=describe)
        except Failed as failed:
            if log is not None:
                log.write_text("\n".join(failed.messages) + "\n", encoding="utf-8")
            raise failure(title, failed.messages, log) from failed

    def get(self, reference: str) -> Built:
        """Raises MissingTool when it is not there."""
        if (found := self.find(reference)) is None:
            raise failure("inspect", [f"{reference} is not in {self.home}"])
        return found

    def find(self, reference: str) -> Built | None:
        command = self.command("inspect", "--type", "image", reference)
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            return None
        told: dict[str, Any] = json.loads(ended.stdout)
        annotations = told.get("OCIv1", {}).get("config", {}).get("Labels") or {}
        return Built(told["FromImageID"], self._size(told["FromImageID"]), annotations.get(BASE_LABEL, ""))

    def forget(self, prefix: str, *, but: str) -> None:
        """What earlier contents left under names that begin so; a cluster has its own copy of what it runs."""
        told: list[dict[str, Any]] = json.loads(self.ask("images", "--json"))
        for name in (name for entry in told for name in entry["names"] or ()):
            if name.startswith(prefix) and name != but:
                self.ask("rmi", name)

    def _size(self, image: str) -> int:
        """The sum of its layers, as containers/storage keeps them."""
        folder = self.home / "storage"
        layers = {
            layer["id"]: layer
            for table in folder.glob("*-layers/layers.json")
            for layer in json.loads(table.read_text(encoding="utf-8"))
        }
        images = [
            entry
            for table in folder.glob("*-images/images.json")
            for entry in json.loads(table.read_text(encoding="utf-8"))
        ]
        at = next((entry.get("layer") for entry in images if entry["id"] == image), None)
        size = 0
        while at in layers:
            size += layers[at].get("diff-size", 0)
            at = layers[at].get("parent")
        return size


BASE_LABEL = "homelab.base"


def present() -> None:
    """Raises MissingTool where buildah is absent."""
    require("images", [BUILDAH])


def ours() -> Store:
    """Raises MissingTool where buildah is absent."""
    present()
    home = cache().parent / "images"
    home.mkdir(parents=True, exist_ok=True)
    runtime = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or home)
    return Store(home, runtime / "homelab-images")


def failure(what: str, messages: Sequence[str], log: Path | None = None) -> MissingTool:
    """The last line that tells of an error, or the last line at all."""
    lines = [line.strip() for line in messages if line.strip()]
    marked = [line for line in lines if line.lower().startswith(("error", "e: ", "fatal"))]
    said = (marked or lines or ["it gave no reason"])[-1]
    return MissingTool(Problem(f"images: {what}", said, "it must succeed", f"see {log}" if log else ""))
