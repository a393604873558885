"""Writes 100 mixed documents, about 1,000 pages: `.venv/bin/python tests/corpus.py FOLDER`.

The same words every time, so that two measurements compare; sentences differ, so that chunks do.
"""

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from corpus_words import HEADINGS, MONTHS, OPENINGS, PEOPLE, SENTENCES, TOPICS, TOWNS, Topic
from writers import Bullets, Heading, Item, Table, Text, docx, markdown, pdf, plain, pptx, web

WORDS_PER_PAGE = 500
"""An A4 page of 10 pt text with headings; documents without pages are as long as that many would be."""

SEED = 20261121


def generate(folder: Path) -> list[Path]:
    """The documents written, in order of their names."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (suffix, pages) in enumerate(_plan()):
        author = _Author(random.Random(SEED + number), TOPICS[number % len(TOPICS)])
        title, body = author.document(suffix, pages)
        path = folder / f"{number:03d}-{author.topic.name.lower().replace(' ', '-')}{suffix}"
        path.write_bytes(_WRITERS[suffix](title, body) if suffix in _WRITERS else author.program(suffix, pages))
        written.append(path)
    return written


def _plan() -> Iterator[tuple[str, int]]:
    """100 pairs of suffix and pages, 1,000 pages in all."""
    for suffix, lengths in (
        (".pdf", (5, 7, 9, 11, 13, 14, 16, 18, 20, 23) * 3 + (80, 106)),
        (".docx", (4, 6, 8, 10, 12) * 4),
        (".html", (2, 3, 5, 6, 9) * 3),
        (".md", (1, 2, 3, 4, 5) * 3),
        (".pptx", (8, 10, 12, 14, 16, 20)),
        (".txt", (2, 4, 5, 7, 8, 10)),
        (".py", (1, 2, 3)),
        (".sh", (1, 2, 1)),
    ):
        for pages in lengths:
            yield suffix, pages


class _Author:
    """Writes about one topic in one voice."""

    def __init__(self, chance: random.Random, topic: Topic) -> None:
        self._chance = chance
        self.topic = topic

    def document(self, suffix: str, pages: int) -> tuple[str, list[Item]]:
        title = f"{self.topic.name}: notes of {self._chance.choice(MONTHS)} {self._chance.randint(2015, 2026)}"
        body = list(self._slides(pages) if suffix == ".pptx" else self._chapters(pages * WORDS_PER_PAGE))
        return title, body

    def program(self, suffix: str, pages: int) -> bytes:
        """A script whose comments tell what the documents tell."""
        python = suffix == ".py"
        lines = [f"# {self._sentence()}", ""]
        for number in range(pages * 8):
            thing = self._chance.choice(self.topic.things).replace("-", " ").replace(" ", "_")
            limit = self._chance.randint(1, 900)
            lines += [
                f"# {self._sentence()}",
                f"def {thing}_{number}(reading):" if python else f"{thing}_{number}() {{",
            ]
            lines += [f"    # {self._sentence()}"]
            lines += [f"    return reading < {limit}", ""] if python else [f'    [ "$1" -lt {limit} ]', "}", ""]
        return "\n".join(lines).encode()

    def _chapters(self, words: int) -> Iterator[Item]:
        written = 0
        while written < words:
            yield Heading(self._fill(self._chance.choice(HEADINGS)).capitalize(), self._chance.choice((1, 1, 2)))
            for _ in range(self._chance.randint(2, 5)):
                text = self._paragraph()
                written += len(text.split())
                yield Text(text)
            extra = self._chance.random()
            if extra < 0.3:
                items = tuple(self._sentence() for _ in range(self._chance.randint(3, 6)))
                written += sum(len(item.split()) for item in items)
                yield Bullets(items)
            elif extra < 0.5:
                yield self._table()
                written += 40

    def _slides(self, slides: int) -> Iterator[Item]:
        for _ in range(slides - 1):
            yield Heading(self._fill(self._chance.choice(HEADINGS)).capitalize())
            yield Bullets(tuple(self._sentence() for _ in range(self._chance.randint(3, 5))))
            yield Text(self._paragraph())

    def _table(self) -> Table:
        rows = [("What", "Where", "Reading", "Month")]
        for thing in self._chance.sample(self.topic.things, 5):
            reading = f"{self._chance.randint(2, 990)} {self.topic.unit}"
            rows.append((thing, self._chance.choice(self.topic.places), reading, self._chance.choice(MONTHS)))
        return Table(tuple(rows))

    def _paragraph(self) -> str:
        opening = self._fill(self._chance.choice(OPENINGS))
        chosen = self._chance.sample(SENTENCES, self._chance.randint(4, 8))
        return " ".join([_begin(opening), *(_begin(self._fill(each)) for each in chosen)])

    def _sentence(self) -> str:
        return _begin(self._fill(self._chance.choice(SENTENCES)))

    def _fill(self, pattern: str) -> str:
        chance, topic = self._chance, self.topic
        thing, other = chance.sample(topic.things, 2)
        return pattern.format(
            thing=thing,
            other=other,
            act=chance.choice(topic.acts),
            place=chance.choice(topic.places),
            trouble=chance.choice(topic.troubles),
            unit=topic.unit,
            person=chance.choice(PEOPLE),
            town=chance.choice(TOWNS),
            month=chance.choice(MONTHS),
            year=chance.randint(2015, 2026),
            day=chance.randint(1, 28),
            number=chance.randint(2, 990),
            number2=chance.randint(2, 990),
            count=chance.randint(2, 30),
            price=chance.randint(5, 1900),
            percent=chance.randint(3, 60),
            less=chance.choice(("less", "more", "a little less", "much more")),
            code=f"{chance.choice('ABCDEFGHK')}{chance.randint(100, 999)}-{chance.randint(10, 99)}",
            code2=f"{chance.choice('LMNPRSTUV')}{chance.randint(100, 999)}-{chance.randint(10, 99)}",
        )


def _begin(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


_WRITERS: dict[str, Callable[[str, list[Item]], bytes]] = {
    ".pdf": pdf,
    ".docx": docx,
    ".html": web,
    ".md": markdown,
    ".pptx": pptx,
    ".txt": plain,
}

if __name__ == "__main__":
    for document in generate(Path(sys.argv[1])):
        sys.stdout.write(f"{document}\n")
