"""Key terms of a text and which of them stand together, without a language model: YAKE, and counting."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import yake

LANGUAGES = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "cz",
    "sv",
    "da",
    "no",
    "fi",
    "hu",
    "ro",
    "tr",
    "ru",
    "uk",
)
"""YAKE's codes of the languages that are told apart by their stop words."""

SAMPLE = 2_000
"""Words that the language is told by."""

MAX_TEXT = 300_000
"""Characters that terms are looked for in, about 100 pages: a book's terms stand in its first hundred."""

TERMS = 20
"""Terms a document. Search finds words; terms only say what it is about."""

WORDS = 3
"""Words a term has at most."""

NEIGHBOURS = 4
"""Other terms that each is related to: the ones it shares most paragraphs with."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`labels`, the most telling first; `where` has the indexes of the paragraphs that each stands in;
    `pairs` are (term, other) that share paragraphs, alphabetically within a pair."""

    labels: tuple[str, ...]
    where: dict[str, frozenset[int]]
    pairs: tuple[tuple[str, str], ...]


def terms(paragraphs: Sequence[str]) -> Terms:
    """Deterministic. Empty for a text without words."""
    text = "\n".join(paragraphs)[:MAX_TEXT]
    labels = _labels(text)
    where = _where(labels, paragraphs)
    labels = [label for label in labels if where[label]]
    return Terms(tuple(labels), {label: where[label] for label in labels}, tuple(_pairs(labels, where)))


def _labels(text: str) -> list[str]:
    if not text.strip():
        return []
    found = _extractor(language(text)).extract_keywords(text)
    best: dict[str, str] = {}
    parts: set[str] = set()
    for label, _ in found:
        name = label.casefold()
        # "assistant" says nothing once "Home Assistant" is there
        if len(label) > 2 and any(map(str.isalpha, label)) and name not in parts:
            best.setdefault(name, label)
            parts.update(name.split())
    return list(best.values())[:TERMS]


def language(text: str) -> str:
    """YAKE's code of the language whose stop words are most of the text; `en` where none stands out."""
    words = Counter(re.findall(r"[^\W\d_]+", text.casefold())[:SAMPLE])
    # the first of equals wins, and English is the first
    return max(LANGUAGES, key=lambda code: sum(words[word] for word in _stop_words(code)))


@cache
def _extractor(code: str) -> yake.KeywordExtractor:
    return yake.KeywordExtractor(lan=code, n=WORDS, top=2 * TERMS)


@cache
def _stop_words(code: str) -> frozenset[str]:
    return frozenset(_extractor(code).stopword_set)


def _where(labels: Iterable[str], paragraphs: Sequence[str]) -> dict[str, frozenset[int]]:
    found = {}
    lowered = [paragraph.casefold() for paragraph in paragraphs]
    for label in labels:
        # a line break within a term is a space to YAKE
        words = r"\s+".join(map(re.escape, label.casefold().split()))
        pattern = re.compile(rf"(?<!\w){words}(?!\w)")
        found[label] = frozenset(i for i, paragraph in enumerate(lowered) if pattern.search(paragraph))
    return found


def _pairs(labels: Sequence[str], where: dict[str, frozenset[int]]) -> list[tuple[str, str]]:
    shared = {
        (a, b): len(where[a] & where[b])
        for a, b in combinations(labels, 2)
        # a term within a longer one shares all its paragraphs, which says nothing
        if a.casefold() not in b.casefold() and b.casefold() not in a.casefold()
    }
    kept = set()
    for label in labels:
        near = [pair for pair in shared if label in pair and shared[pair]]
        kept.update(sorted(near, key=lambda pair: -shared[pair])[:NEIGHBOURS])
    return sorted(tuple(sorted(pair)) for pair in kept)  # type: ignore[misc] # of two
