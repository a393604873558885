"""Building what is ours and not built yet: a Containerfile on its base, under the tag of its content."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from homelab.images import debian, machine
from homelab.images.content import reference
from homelab.images.model import ROOT, Base, Catalogue, Ours
from homelab.images.store import BASE_LABEL, Store
from homelab.tools import TOOLS
from homelab.tools.alone import alone
from homelab.tools.build import build as build_tools

SCRATCH = "scratch"

REGISTRY = "registry"
"""Of --base: what stacks/images.yaml names for each base."""


@dataclass(frozen=True, slots=True)
class Image:
    """One of ours in the store. `size` is in bytes; `seconds` None where nothing had to be done."""

    name: str
    reference: str
    size: int
    base: str
    seconds: float | None


def build(name: str, catalogue: Catalogue, store: Store, base: str | None = None) -> Image:
    """Build it unless it is there on that base.

    `base` is an image or REGISTRY; None takes what was built on any, else Debian by mmdebstrap.
    Raises MissingTool when a program is absent or a step fails, InvalidInput when a copied file is not there.
    """
    image = catalogue.ours[name]
    target = reference(name, catalogue)
    own = catalogue.base(image)
    wanted = own.image if own is not None and base == REGISTRY else base
    found = store.find(target)
    if found is not None and (own is None or wanted in (None, found.base)):
        return Image(name, target, found.size, found.base, None)
    began = time.monotonic()
    build_tools(*(TOOLS[tool] for tool in image.tools))
    used, apt = _stand(own, wanted, store)
    _bud(name, image, target, used, apt, store)
    store.forget(f"localhost/homelab/{name}:", but=target)
    made = store.get(target)
    return Image(name, target, made.size, used, time.monotonic() - began)


def _stand(own: Base | None, wanted: str | None, store: Store) -> tuple[str, str | None]:
    """What to build upon, and apt's sources where that is a Debian of our making."""
    if own is None:
        return SCRATCH, None
    if wanted is not None:
        return wanted, None
    return debian.ensure(own, store), debian.apt_sources(own, store)


def _bud(name: str, image: Ours, target: str, base: str, apt: str | None, store: Store) -> None:
    contexts = [f"--build-context={tool}={TOOLS[tool].home}" for tool in image.tools]
    with machine.mounts(apt, store.home / "cache") as volumes:
        store.follow(
            f"Building {name} {image.version}",
            *("bud", "--isolation=chroot", "--layers", "--pull=false", f"--tag={target}"),
            *(f"--file={image.containerfile}", "--ignorefile=.containerignore"),
            *([] if base == SCRATCH else [f"--build-arg=BASE={base}"]),
            f"--label={BASE_LABEL}={base}",
            *contexts,
            *volumes,
            str(ROOT),
            log=store.home / f"{name}.log",
        )


@contextmanager
def at_work(store: Store) -> Iterator[None]:
    """One run at a time: at its end it clears away what its builds left between stages."""
    with alone(store.home / "lock", "images are being built"):
        try:
            yield
        finally:
            store.ask("rmi", "--prune", "--force")
