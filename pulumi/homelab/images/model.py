"""stacks/images.yaml: every image of the platform, pinned."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from homelab.consumers import CONSUMERS
from homelab.document import Document, broken, broken_at, meant, read
from homelab.tools import TOOLS

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "stacks/images.yaml"


def _tag(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", text):
        raise broken("must be a tag: letters, digits, dots, hyphens", "write such as v1.2.3")
    if not re.search(r"\d", text):
        raise broken("must name one version: such a tag moves", "write such as v1.2.3")
    return text


def _digest(text: str) -> str:
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        raise broken("must be a digest", "write sha256: and 64 hexadecimal digits")
    return text


def _image(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9.-]+\.[a-z]+(/[a-z0-9._-]+)+", text):
        raise broken("must be a registry and a repository, without a tag", "write such as ghcr.io/owner/name")
    return text


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise broken("must be a day", "write such as 2026-11-21") from None
    return text


def _consumer(name: str) -> str:
    if name not in CONSUMERS:
        raise broken("no such consumer", meant(name, CONSUMERS))
    return name


def _tool(name: str) -> str:
    if name not in TOOLS:
        raise broken("no such tool", meant(name, list(TOOLS)))
    return name


Text = Annotated[str, Field(min_length=1)]
Arm64 = Literal["yes", "no", "unverified"]
Uid = Annotated[int, Field(ge=1, le=65535)]
Consumers = tuple[Annotated[str, AfterValidator(_consumer)], ...]
Tag = Annotated[str, AfterValidator(_tag)]


class Base(Document):
    """Debian with its own Python: `suite` for mmdebstrap, or `image` with its tag from a registry."""

    suite: Text
    image: Text
    updated: Annotated[str, AfterValidator(_day)]


class Ours(Document):
    """Built from a Containerfile of this repository, on the base of that name; without one, a static binary."""

    containerfile: Text
    base: Text | None = None
    version: Annotated[Tag, Field(description="of the product inside")]
    arm64: Arm64
    uid: Uid
    consumers: Consumers = ()
    tools: tuple[Annotated[str, AfterValidator(_tool)], ...] = Field(
        default=(), description="pinned tools whose builds are build contexts, by their names"
    )
    package: Text | None = Field(default=None, description="of the root's uv.lock: only what it needs counts")


class Vendor(Document):
    """Pulled from its registry, by the digest where one is known."""

    image: Annotated[str, AfterValidator(_image)]
    tag: Tag
    digest: Annotated[str, AfterValidator(_digest)] | None = None
    arm64: Arm64
    uid: Uid
    consumers: Consumers = ()

    @property
    def reference(self) -> str:
        return f"{self.image}:{self.tag}" + (f"@{self.digest}" if self.digest else "")


class Catalogue(Document):
    bases: Mapping[str, Base]
    ours: Mapping[str, Ours]
    vendor: Mapping[str, Vendor]

    @field_validator("ours")
    @classmethod
    def _on_a_base(cls, ours: Mapping[str, Ours], info: ValidationInfo) -> Mapping[str, Ours]:
        bases = info.data.get("bases", {})
        breaches = [
            ((name, "base"), image.base, broken("no such base", meant(str(image.base), list(bases))))
            for name, image in ours.items()
            if image.base is not None and image.base not in bases
        ]
        if breaches:
            raise broken_at(*breaches)
        return ours

    @field_validator("vendor")
    @classmethod
    def _one_image_each(cls, vendor: Mapping[str, Vendor], info: ValidationInfo) -> Mapping[str, Vendor]:
        """A consumer with two images would be deployed by chance."""
        seen: dict[str, str] = {}
        breaches = []
        for name, image in {**info.data.get("ours", {}), **vendor}.items():
            for number, consumer in enumerate(image.consumers):
                if (first := seen.setdefault(consumer, name)) != name:
                    fix = "keep it at one of them"
                    breach = broken(f"{first} is its image already", fix)
                    breaches.append(((name, "consumers", number), consumer, breach))
        if breaches:
            raise broken_at(*breaches)
        return vendor

    def base(self, image: Ours) -> Base | None:
        return None if image.base is None else self.bases[image.base]

    def deployed(self, engine: str, placed: Collection[str] = CONSUMERS) -> tuple[str, ...]:
        """The names of ours that a node needs on which those are `placed`; what no pod runs is for a person's own
        machine. `engine` is `graph.engine` of the profile, whose image has its name.
        """
        wanted = {*placed, "api"}  # from whose image the first steps of others run
        found = [name for name, image in self.ours.items() if wanted.intersection(image.consumers)]
        return (*found, engine) if "graph" in wanted and engine in self.ours else tuple(found)

    def of(self, consumer: str) -> str | None:
        """The name of the consumer's image."""
        images: Mapping[str, Ours | Vendor] = {**self.ours, **self.vendor}
        return next((name for name, image in images.items() if consumer in image.consumers), None)


@cache
def load(path: Path = FILE) -> Catalogue:
    """Raises InvalidInput with every problem of the file."""
    return read(path, Catalogue)
