"""An answer without a language model: the sentences of the passages that come nearest to the question."""

import re
from collections.abc import Sequence

from pipeline.answer import Passage
from pipeline.ports import Embedder, Vector

PASSAGES = 4
"""Passages whose sentences are weighed; the fused rank seldom puts the answer lower."""

SENTENCES = 32
"""Sentences embedded for one question: about 0.3 s on two cores."""

SHORTEST, LONGEST = 20, 400
"""Characters of a sentence that can stand as a quotation: no headings alone, no table dumped as one line."""

NEAR = 0.9
"""A second sentence is quoted too when it scores at least this share of the best."""

_PIECE = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•|#>]|\d+[.)])\s)")
"""Where a line ends a sentence without a full stop: paragraphs, list items, table rows, headings."""


async def quote(
    question: str, vector: Vector | None, passages: Sequence[Passage], embedder: Embedder
) -> str | None:
    """One or two sentences, each quoted and cited, or None where no passage has a whole sentence.

    They are ranked by cosine to the question's `vector`; without one by the words they share with it.
    Raises what the embedder raises.
    """
    found = [
        (sentence, number)
        for number, passage in enumerate(passages[:PASSAGES], start=1)
        for sentence in sentences(passage.text)
    ]
    found = list(dict(reversed(found)).items())[::-1][:SENTENCES]  # overlapping chunks repeat: keep the first
    if not found:
        return None
    if vector is None:
        scores = [_shared(question, sentence) for sentence, _ in found]
    else:
        scores = [_cosine(vector, other) for other in await embedder.embed([sentence for sentence, _ in found])]
    ranked = sorted(range(len(found)), key=lambda i: -scores[i])
    chosen = [i for i in ranked[:2] if scores[i] > 0 and scores[i] >= NEAR * scores[ranked[0]]]
    return " ".join(f"“{found[i][0]}” [{found[i][1]}]" for i in sorted(chosen)) or None


def sentences(text: str) -> list[str]:
    """The quotable sentences of a passage, in order, each on one line."""
    from segtok.segmenter import split_multi

    pieces = (" ".join(s.split()).lstrip("-*•|#> ") for p in _PIECE.split(text) for s in split_multi(p))
    return [piece for piece in pieces if SHORTEST <= len(piece) <= LONGEST]


def words(text: str) -> set[str]:
    """Lower-case words of three letters or more, and numbers."""
    return set(re.findall(r"[^\W\d_]{3,}|\d+", text.lower()))


def _shared(question: str, sentence: str) -> float:
    asked = words(question)
    return len(asked & words(sentence)) / len(asked) if asked else 0.0


def _cosine(a: Vector, b: Vector) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    norms = sum(x * x for x in a) ** 0.5 * sum(y * y for y in b) ** 0.5
    return dot / norms if norms else 0.0
