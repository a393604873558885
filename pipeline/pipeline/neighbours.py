"""What the graph knows around a question: the terms that it shares with the found documents, and what those and
the documents themselves are related to. The vocabulary is that of docs/vocabulary.md."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from pipeline.answer import Fact
from pipeline.contract import graph_name
from pipeline.ports import GraphStore, Passage
from pipeline.quote import words
from pipeline.rdf import DCTERMS, LAB, SCHEMA, SKOS

CANDIDATES = 400
"""Terms read from the found documents; each has about 20, so this is all of any answer's documents."""

TERMS = 4
"""Terms whose neighbours are asked for."""

ROWS = 200
"""Neighbours read; a term that every document mentions has thousands."""

BEST = 3
"""Passages whose documents' references count; every answer lists more documents than it is about."""

FACTS = 8
"""Facts of an answer: what a person reads beside it."""

_PREFIXES = f"PREFIX dcterms: <{DCTERMS}> PREFIX schema: <{SCHEMA}> PREFIX skos: <{SKOS}>"

_TERMS = """
SELECT DISTINCT ?term ?label WHERE {
  VALUES ?document { %(documents)s }
  ?document schema:mentions ?term . ?term skos:prefLabel ?label
} ORDER BY ?term ?label LIMIT %(limit)d
"""

_AROUND = """
SELECT DISTINCT ?near ?predicate ?node ?label ?way WHERE {
  { VALUES ?near { %(terms)s } ?near ?predicate ?node . ?node skos:prefLabel ?label BIND("to" AS ?way) }
  UNION { VALUES ?near { %(terms)s } ?node ?predicate ?near . ?node skos:prefLabel ?label BIND("from" AS ?way) }
  UNION { VALUES ?near { %(terms)s } ?node schema:mentions ?near ; dcterms:source ?source ; dcterms:title ?label
          FILTER(?node NOT IN (%(listed)s)) BIND(schema:mentions AS ?predicate) BIND("from" AS ?way) }
  UNION { VALUES ?near { %(documents)s } ?near dcterms:references ?source . ?node dcterms:source ?source ;
          dcterms:title ?label BIND(dcterms:references AS ?predicate) BIND("to" AS ?way) }
  UNION { VALUES ?near { %(documents)s } ?near dcterms:source ?source . ?node dcterms:references ?source ;
          dcterms:title ?label BIND(dcterms:references AS ?predicate) BIND("from" AS ?way) }
} LIMIT %(limit)d
"""

_READABLE = {
    f"{SKOS}related": "is related to",
    f"{DCTERMS}references": "refers to",
    f"{SCHEMA}mentions": "mentions",
}
_SYMMETRIC = f"{SKOS}related"
_RELATION = f"{LAB}relation:"


@dataclass(frozen=True, slots=True)
class _Edge:
    """`subject` and `object` are IRIs; `labels` are theirs, in the same order."""

    subject: str
    predicate: str
    object: str
    labels: tuple[str, str]

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same fact, whichever way round it was found."""
        ends = (self.subject, self.object)
        return (self.predicate, *(sorted(ends) if self.predicate == _SYMMETRIC else ends))

    @property
    def rank(self) -> tuple[int, str, str]:
        """What a model or an author stated comes before what merely stands together."""
        kinds = (_RELATION, f"{DCTERMS}references", f"{SCHEMA}mentions", _SYMMETRIC)
        kind = next((n for n, start in enumerate(kinds) if self.predicate.startswith(start)), len(kinds))
        return (kind, *self.labels)


async def facts_near(graph: GraphStore, question: str, passages: Sequence[Passage]) -> tuple[Fact, ...]:
    """At most FACTS facts, those nearest to the question first.

    Two bounded read-only queries. Raises Unavailable when the graph store does not answer.
    """
    documents = {graph_name(p.doc_id): p.title for p in passages}
    listed = [f"<{iri}>" for iri in documents]
    rows = await graph.select(_PREFIXES + _TERMS % {"documents": " ".join(listed), "limit": CANDIDATES})
    terms = _chosen({row["term"]: row["label"] for row in rows}, question, passages)
    around = {
        "terms": " ".join(f"<{iri}>" for iri in terms),
        "documents": " ".join(dict.fromkeys(f"<{graph_name(p.doc_id)}>" for p in passages[:BEST])),
        "listed": ", ".join(listed),
        "limit": ROWS,
    }
    rows = await graph.select(_PREFIXES + _AROUND % around)
    edges = list(_edges(rows, terms | documents))
    groups = [[edge for edge in edges if near in (edge.subject, edge.object)] for near in (*terms, *documents)]
    return tuple(_spread([_plain(sorted(group, key=lambda edge: edge.rank)) for group in groups]))[:FACTS]


def _chosen(labels: dict[str, str], question: str, passages: Sequence[Passage]) -> dict[str, str]:
    """The terms that the question names; where it names none, those that stand in the best passage."""
    asked = words(question)
    named = {iri: label for iri, label in labels.items() if words(label) and words(label) <= asked}
    if not named:
        best = passages[0].text.casefold()
        named = {iri: label for iri, label in labels.items() if label.casefold() in best}
    # longer terms say more
    return dict(sorted(named.items(), key=lambda item: (-len(words(item[1])), item[1]))[:TERMS])


def _edges(rows: Iterable[dict[str, str]], labels: dict[str, str]) -> Iterator[_Edge]:
    for row in sorted(rows, key=lambda row: row["label"]):
        near, node, predicate = row["near"], row["node"], row["predicate"]
        label, other = labels[near], labels.get(node, row["label"])
        if near == node or (predicate == _SYMMETRIC and _within(label, other)):
            continue
        if row["way"] == "to":
            yield _Edge(near, predicate, node, (label, other))
        else:
            yield _Edge(node, predicate, near, (other, label))


def _within(one: str, other: str) -> bool:
    """`power supply` is related to `uninterruptible power supply`: true, and says nothing."""
    a, b = words(one), words(other)
    return a <= b or b <= a


def _plain(edges: Sequence[_Edge]) -> list[_Edge]:
    """Without `USB disk costs` where `USB disk` is related to the same: key terms repeat with a word more."""
    return [edge for edge in edges if not any(_repeats(edge, other) for other in edges)]


def _repeats(edge: _Edge, other: _Edge) -> bool:
    if not edge.predicate == other.predicate == _SYMMETRIC:
        return False
    a, b = map(words, edge.labels)
    c, d = map(words, other.labels)
    return len(c | d) < len(a | b) and ((c <= a and d <= b) or (d <= a and c <= b))


def _spread(groups: Sequence[Sequence[_Edge]]) -> Iterator[Fact]:
    """One fact of each group in turn, so that none takes all the room; each fact once."""
    seen: set[tuple[str, ...]] = set()
    for edge in chain.from_iterable(zip_longest(*groups)):
        if edge is not None and edge.key not in seen:
            seen.add(edge.key)
            subject, object_ = edge.labels
            yield Fact(subject=subject, predicate=readable(edge.predicate), object=object_)


def readable(predicate: str) -> str:
    """`urn:lab:relation:worksFor` → `works for`."""
    name = re.split(r"[/#:]", predicate)[-1]
    return _READABLE.get(predicate) or re.sub(r"[_-]+|(?<=[a-z])(?=[A-Z])", " ", name).lower()
