"""A containerd that runs pods: what it has, and how an image gets into it straight from the store."""

import subprocess
from dataclasses import dataclass
from tempfile import TemporaryFile

from homelab.errors import MissingTool, Problem
from homelab.images.build import Image
from homelab.images.model import ROOT
from homelab.images.store import Store
from homelab.tools.needs import Need, require
from homelab.tools.progress import Failed, follow

K3S = Need("k3s", how="run it on the node, or push to a registry: --push")


@dataclass(frozen=True, slots=True)
class Containerd:
    """`ctr` begins a command line of its client, in the namespace of Kubernetes; `mend` is for when it fails."""

    name: str
    ctr: tuple[str, ...]
    mend: str

    def images(self) -> set[str]:
        """The names of what it has. Raises MissingTool with its words when it does not answer."""
        command = [*self.ctr, "images", "list", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise self._refused("images", done.stderr.splitlines())
        return set(done.stdout.split())

    def take(self, image: Image, store: Store) -> bool:
        """Give it the image unless it has it; whether it had to be given.

        Nothing is written in between: an archive of all images would be gigabytes. Raises MissingTool with the
        words of either side.
        """
        if image.reference in self.images():
            return False
        # Under the image's own name, in the form that every containerd imports.
        push = store.command("push", "--quiet", image.reference, f"docker-archive:/dev/stdout:{image.reference}")
        with (
            TemporaryFile("w+") as said,
            subprocess.Popen(push, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as pushing,
        ):
            refused: tuple[str, ...] = ()
            title = f"Giving {image.name} to {self.name}"
            try:
                follow([*self.ctr, "images", "import", "-"], title, cwd=ROOT, stdin=pushing.stdout)
            except Failed as failed:
                refused = failed.messages or (str(failed),)
            if pushing.stdout is not None:
                pushing.stdout.close()  # who still writes learns that nobody reads
            if pushing.wait() or refused:
                said.seek(0)
                raise self._refused(f"image {image.name}", [*said.read().splitlines(), *refused])
        return True

    def _refused(self, what: str, words: list[str]) -> MissingTool:
        given = " / ".join(word.strip() for word in words if word.strip()) or "no reason given"
        return MissingTool(Problem(f"{what} of {self.name}", given, "its containerd must answer", self.mend))


def k3s() -> Containerd:
    """Of this machine. Raises MissingTool where there is none."""
    require("images", [K3S])
    return Containerd("k3s", ("k3s", "ctr"), "run it as root, with k3s up")
