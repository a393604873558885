"""What a question gets back: the same shape from the command line, over HTTP and in a program."""

import re

from pydantic import BaseModel, ConfigDict

from pipeline import ports

_CITATION = re.compile(r"\s*\[(\d+(?:\s*[,;–-]\s*\d+)*)\](?!\()")
"""`[2]`, `[1, 3]`, `[2-4]`; a Markdown link such as `[2](https://…)` is none."""

LONGEST_RANGE = 50
"""Numbers that one `[2-4]` may stand for: more than any answer has passages."""


class Passage(BaseModel):
    """A piece of a document. `score` compares passages of one answer only; `page` counts from 1."""

    model_config = ConfigDict(frozen=True)

    text: str
    score: float
    document: str
    uri: str
    page: int | None
    heading: str | None

    @classmethod
    def of(cls, found: ports.Passage) -> "Passage":
        return cls(
            text=found.text,
            score=found.score,
            document=found.title or found.uri,
            uri=found.uri,
            page=found.page,
            heading=found.heading,
        )

    @property
    def place(self) -> str:
        """document · page · heading, as people cite; what is not known is left out."""
        page = f"page {self.page}" if self.page else ""
        heading = self.heading if self.heading != self.document else ""
        return " · ".join(part for part in (self.document, page, heading) if part)


class Fact(BaseModel):
    """A statement of the graph, in labels for people."""

    model_config = ConfigDict(frozen=True)

    subject: str
    predicate: str
    object: str


class Answer(BaseModel):
    """`answer` cites `passages` by number from 1. `degraded` says, one line each, what it had to do without."""

    model_config = ConfigDict(frozen=True)

    answer: str | None
    degraded: tuple[str, ...] = ()
    passages: tuple[Passage, ...] = ()
    facts: tuple[Fact, ...] = ()


def check_citations(text: str, passages: int) -> tuple[str, tuple[str, ...]]:
    """The text with only citations of passages 1 to `passages`, each as `[n]`, and what was wrong with it.

    A model invents a number now and then; a reader must never look for a source that is not there.
    """
    invented: set[int] = set()
    cited = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal cited
        numbers = _numbers(match[1])
        good = [number for number in numbers if 1 <= number <= passages]
        invented.update(set(numbers) - set(good))
        cited += len(good)
        lead = match[0][: match[0].index("[")]
        return lead + "".join(f"[{number}]" for number in good) if good else ""

    text = _CITATION.sub(keep, text).strip()
    faults = []
    if invented:
        listed = ", ".join(f"[{number}]" for number in sorted(invented))
        faults.append(f"the model cited {listed}, which is no passage here: removed")
    if not cited:
        faults.append("the model's answer cites no passage: check it against them")
    return text, tuple(faults)


def _numbers(inside: str) -> list[int]:
    numbers: list[int] = []
    for part in re.split(r"\s*[,;]\s*", inside):
        first, _, last = re.sub(r"\s*[–-]\s*", "-", part).partition("-")
        low, high = int(first), int(last or first)
        numbers += range(low, high + 1) if high - low < LONGEST_RANGE else (low, high)
    return list(dict.fromkeys(numbers))
