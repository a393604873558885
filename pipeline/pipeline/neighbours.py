"""What the graph knows around a question: the terms of the found documents, and what those are related to."""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from pipeline.answer import Fact
from pipeline.contract import graph_name
from pipeline.ports import GraphStore, Passage
from pipeline.quote import words

CANDIDATES = 400
"""Terms read from the found documents: each has about 20, so this is all of any answer's documents."""

TERMS = 6
"""Terms whose neighbours are asked for."""

ROWS = 200
"""Neighbours read; a term that every document mentions has thousands."""

FACTS = 12
"""Facts of an answer: what a person reads, and a model's context has room for."""

_PREFIXES = """\
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX schema: <https://schema.org/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""

_READABLE = {"related": "is related to", "isPartOf": "is part of", "mentions": "mentions"}
"""Local names of predicates as people say them; any other is split into its words."""

_SYMMETRIC = {"is related to"}


async def facts_near(graph: GraphStore, question: str, passages: Sequence[Passage]) -> tuple[Fact, ...]:
    """At most FACTS facts about the terms that the question and the passages share, nearest first.

    Two bounded read-only queries. Raises Unavailable when the graph store does not answer.
    """
    documents = " ".join(f"<{graph_name(doc_id)}>" for doc_id in dict.fromkeys(p.doc_id for p in passages))
    rows = await graph.select(
        f"{_PREFIXES}SELECT DISTINCT ?term ?label WHERE {{ VALUES ?graph {{ {documents} }} "
        f"GRAPH ?graph {{ ?part schema:mentions ?term . ?term skos:prefLabel ?label }} }} LIMIT {CANDIDATES}"
    )
    terms = _chosen({row["term"]: row["label"] for row in rows}, question, passages)
    if not terms:
        return ()
    rows = await graph.select(
        f"{_PREFIXES}SELECT DISTINCT ?term ?predicate ?other ?way WHERE {{ "
        f"VALUES ?term {{ {' '.join(f'<{term}>' for term in terms)} }} "
        "{ GRAPH ?graph { ?term ?predicate ?node . ?node skos:prefLabel ?other } BIND('to' AS ?way) } UNION "
        "{ GRAPH ?graph { ?node ?predicate ?term . ?node dcterms:title|skos:prefLabel ?other } "
        f"BIND('from' AS ?way) }} }} LIMIT {ROWS}"
    )
    return tuple(_spread([_facts_of(term, label, rows) for term, label in terms.items()]))[:FACTS]


def _chosen(labels: dict[str, str], question: str, passages: Sequence[Passage]) -> dict[str, str]:
    """The terms nearest to the question: named in it, else in the best passages; longer ones say more."""
    asked = words(question)
    texts = [passage.text.casefold() for passage in passages]

    def nearness(item: tuple[str, str]) -> tuple[float, int, int, str]:
        label = item[1].casefold()
        own = words(label)
        shared = len(asked & own) / len(own) if own else 0.0
        first = next((rank for rank, text in enumerate(texts) if label in text), len(texts))
        return (-shared, first, -len(own), label)

    near = [item for item in sorted(labels.items(), key=nearness) if nearness(item)[:2] < (0.0, len(texts))]
    return dict(near[:TERMS])


def _facts_of(term: str, label: str, rows: Iterable[dict[str, str]]) -> list[Fact]:
    facts = []
    for row in rows:
        if row["term"] != term or row["other"] == label:
            continue
        predicate = readable(row["predicate"])
        ends = (label, row["other"]) if row["way"] == "to" else (row["other"], label)
        facts.append(Fact(subject=ends[0], predicate=predicate, object=ends[1]))
    return sorted(facts, key=lambda fact: (fact.predicate, fact.subject, fact.object))


def _spread(groups: Sequence[list[Fact]]) -> Iterable[Fact]:
    """One fact of each term in turn, so that no term takes all the room; each fact once, whichever way round."""
    seen = set()
    for fact in chain.from_iterable(zip_longest(*groups)):
        if fact is None:
            continue
        ends = (fact.subject, fact.object)
        key = (fact.predicate, *(sorted(ends) if fact.predicate in _SYMMETRIC else ends))
        if key not in seen:
            seen.add(key)
            yield fact


def readable(predicate: str) -> str:
    """`http://www.w3.org/2004/02/skos/core#related` → `is related to`; `urn:lab:worksFor` → `works for`."""
    name = re.split(r"[/#:]", predicate)[-1]
    return _READABLE.get(name) or re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", name).lower()
