"""What every extractor returns."""

from dataclasses import dataclass

from pipeline.contract import Block, Link


@dataclass(frozen=True, slots=True)
class Parts:
    """A document's content in reading order. `title` is empty where the document does not say one."""

    title: str
    pages: int | None
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()


def unique(links: list[Link]) -> tuple[Link, ...]:
    """Each target once, under the first text that it has."""
    first: dict[str, Link] = {}
    for link in links:
        first.setdefault(link.target, link)
    return tuple(first.values())
