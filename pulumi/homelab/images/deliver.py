"""Where a built image goes: a registry, the k3s of this machine, or an archive for another containerd."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from homelab.errors import MissingTool, Problem
from homelab.images.build import Image
from homelab.images.store import Store
from homelab.tools.needs import Need, require

K3S = Need("k3s", how="run it on the node, or push to a registry: --push")


def push(image: Image, registry: str, store: Store) -> str:
    """Its name there. Logs in as `buildah login` did. Raises MissingTool with the registry's answer."""
    name = f"{registry}/{image.reference.removeprefix('localhost/')}"
    store.follow(f"Pushing {name}", "push", image.reference, f"docker://{name}")
    return name


def import_into_k3s(image: Image, store: Store) -> None:
    """Raises MissingTool where k3s is absent or refuses."""
    require("images", [K3S])
    with archive(image, store) as path:
        ended = subprocess.run(
            ["k3s", "ctr", "images", "import", str(path)], capture_output=True, text=True, check=False
        )
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()[-1:]
        given = said[0] if said else f"k3s ended with status {ended.returncode}"
        raise MissingTool(Problem(f"image {image.name}", given, "k3s must take it", "run it as root, with k3s up"))


@contextmanager
def archive(image: Image, store: Store) -> Iterator[Path]:
    """A docker-archive under the image's own name, as every containerd imports it; gone when the block ends."""
    with TemporaryDirectory(dir=store.home, prefix="archive-") as folder:
        path = Path(folder) / f"{image.name}.tar"
        store.follow(f"Writing {image.name}", "push", image.reference, f"docker-archive:{path}:{image.reference}")
        yield path
