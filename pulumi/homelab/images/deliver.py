"""Where a built image goes beyond this machine: a registry."""

from homelab.images.build import Image
from homelab.images.store import Store


def push(image: Image, registry: str, store: Store) -> str:
    """Its name there. Logs in as `buildah login` did. Raises MissingTool with the registry's answer."""
    name = f"{registry}/{image.reference.removeprefix('localhost/')}"
    store.follow(f"Pushing {name}", "push", image.reference, f"docker://{name}")
    return name
