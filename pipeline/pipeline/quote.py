"""An answer without a language model: the sentences of the passages that come nearest to the question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.answer import Passage
from pipeline.ports import Embedder, Vector

PASSAGES = 6
"""Passages whose sentences are weighed; the fused rank seldom puts the answer lower."""

SENTENCES = 48
"""Sentences embedded for one question: about 0.3 s on two cores."""

SHORTEST, LONGEST = 20, 400
"""Characters of a sentence that can stand as a quotation: no headings alone, no table dumped as one line."""

NEAR = 0.9
"""A second sentence is quoted too when it scores at least this share of the best."""

WORDS = 0.3
"""What sharing all words of the question adds to a cosine of at most 1: it decides between sentences that are
about the same, such as two rows of a table. 0.2 to 0.4 quoted best on the questions about the samples."""

ROW = " | "
"""Between the cells of a table's row, as the extractors write it."""

_PIECE = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•#>]|\d+[.)])\s)")
"""Where a line ends a sentence without a full stop: paragraphs, list items, headings."""


def words(text: str) -> set[str]:
    """Lower-case words of three letters or more, and numbers."""
    return set(re.findall(r"[^\W\d_]{3,}|\d+", text.lower()))


_FEW = words("and are but can did does for from had has have how its the then was what when where which who why")
"""Words of a question that say nothing of its subject."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` as it is quoted, `meant` as it is compared: a row's cells with the heads of their columns."""

    text: str
    meant: str


async def quote(
    question: str, vector: Vector | None, passages: Sequence[Passage], embedder: Embedder
) -> str | None:
    """One or two sentences, the best first, each cited; None where no passage has a whole sentence.

    They are ranked by cosine to the question's `vector` and by the words they share with it; without a vector
    by the words alone. Raises what the embedder raises.
    """
    numbers: dict[Sentence, int] = {}
    for number, passage in enumerate(passages[:PASSAGES], start=1):
        for sentence in sentences(passage.text):
            numbers.setdefault(sentence, number)  # overlapping chunks repeat: the first one counts
    found = list(numbers)[:SENTENCES]
    scores = [WORDS * _shared(question, sentence.meant) for sentence in found]
    if vector is not None and found:
        made = await embedder.embed([sentence.meant for sentence in found])
        scores = [score + _cosine(vector, other) for score, other in zip(scores, made, strict=True)]
    ranked = sorted(range(len(found)), key=lambda i: -scores[i])
    best = [i for i in ranked[:2] if scores[i] > 0 and scores[i] >= NEAR * scores[ranked[0]]]
    return " ".join(f"“{found[i].text}” [{numbers[found[i]]}]" for i in best) or None


def sentences(text: str) -> list[Sentence]:
    """The quotable sentences and table rows of a passage, in order, each on one line."""
    found: list[Sentence] = []
    for is_table, group in groupby(text.split("\n"), key=lambda line: ROW in line):
        lines = list(group)
        found += _rows(lines) if is_table else _sentences("\n".join(lines))
    return found


def _sentences(text: str) -> Iterator[Sentence]:
    from segtok.segmenter import split_multi

    for piece in _PIECE.split(text):
        for sentence in split_multi(piece):
            line = " ".join(sentence.split()).lstrip("-*•#> ")
            if SHORTEST <= len(line) <= LONGEST:
                yield Sentence(line, line)


def _rows(lines: list[str]) -> Iterator[Sentence]:
    """Each row with the table's first line, which heads it; both as they stand, since that may be wrong."""
    head, *rows = (line.strip() for line in lines)
    heads = head.split(ROW)
    for row in rows:
        text = f"{head} / {row}"
        cells = row.split(ROW)
        meant = (
            ", ".join(f"{h} {c}" for h, c in zip(heads, cells, strict=True)) if len(cells) == len(heads) else row
        )
        if len(text) <= LONGEST and any(map(str.isalpha, row)):
            yield Sentence(text, meant)


def _shared(question: str, sentence: str) -> float:
    asked = words(question) - _FEW
    return len(asked & words(sentence)) / len(asked) if asked else 0.0


def _cosine(a: Vector, b: Vector) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    norms = sum(x * x for x in a) ** 0.5 * sum(y * y for y in b) ** 0.5
    return dot / norms if norms else 0.0
