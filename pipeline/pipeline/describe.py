"""A document → N-Triples: what it is, its sections, links and key terms, and what a model found if there was one.

Pure, and deterministic without a model. The vocabulary is documented in docs/vocabulary.md.
"""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urljoin

from pipeline import rdf
from pipeline.contract import Extracted, graph_name
from pipeline.entities import Reading
from pipeline.ports import Triple
from pipeline.rdf import DCTERMS, LAB, RDF, SCHEMA, SKOS, XSD, integer, iri, literal
from pipeline.terms import Terms, terms

MAX_SECTIONS = 500
"""Sections of a document that the graph holds; a listing with more headings is a dictionary."""

MAX_LINKS = 500

TYPE = f"<{RDF}type>"
TITLE, SOURCE, CREATED = f"<{DCTERMS}title>", f"<{DCTERMS}source>", f"<{DCTERMS}created>"
FORMAT, REFERENCES = f"<{DCTERMS}format>", f"<{DCTERMS}references>"
MENTIONS, PART_OF, KEYWORDS = f"<{SCHEMA}mentions>", f"<{SCHEMA}isPartOf>", f"<{SCHEMA}keywords>"
POSITION, PAGES = f"<{SCHEMA}position>", f"<{SCHEMA}numberOfPages>"
LABEL, RELATED = f"<{SKOS}prefLabel>", f"<{SKOS}related>"
PAGE, KIND, READ, FAILURE = f"<{LAB}page>", f"<{LAB}kind>", f"<{LAB}modelRead>", f"<{LAB}modelFailure>"


def describe(document: Extracted, reading: Reading | None = None) -> str:
    """N-Triples text of the document's named graph, each triple once."""
    found = terms(paragraphs(document))
    triples = [*_document(document), *_sections(document, found), *_links(document), *_terms(document, found)]
    if reading is not None:
        triples += _reading(document, reading)
    return rdf.ntriples(triples)


def paragraphs(document: Extracted) -> list[str]:
    """What is prose: code has no terms, only names."""
    prose = [block.text for block in document.blocks if block.kind != "code"]
    return prose or [block.text for block in document.blocks]


def _document(document: Extracted) -> Iterator[Triple]:
    this, metadata = iri(graph_name(document.doc_id)), document.metadata
    yield this, TYPE, f"<{SCHEMA}DigitalDocument>"
    yield this, TITLE, literal(document.title or metadata.filename)
    yield this, SOURCE, _reference(document.source_uri)
    yield this, FORMAT, literal(metadata.media_type)
    if document.pages:
        yield this, PAGES, integer(document.pages)
    if moment := _moment(metadata.modified):
        yield this, CREATED, literal(moment.isoformat(), f"{XSD}dateTime")


def _sections(document: Extracted, found: Terms) -> Iterator[Triple]:
    """Each heading is a section, part of the nearest one above it of a higher level, and last of the document."""
    this = iri(graph_name(document.doc_id))
    above: list[tuple[int, str]] = []
    position, section = 0, this
    prose = -1
    for block in document.blocks:
        prose += block.kind != "code"
        if block.kind == "heading" and position < MAX_SECTIONS:
            position += 1
            level = block.level or 1
            above = [entry for entry in above if entry[0] < level]
            section = iri(f"{graph_name(document.doc_id)}:section:{position}")
            yield section, TITLE, literal(" ".join(block.text.split()))
            yield section, PART_OF, above[-1][1] if above else this
            yield section, POSITION, integer(position)
            if block.page:
                yield section, PAGE, integer(block.page)
            above.append((level, section))
        if section != this and block.kind != "code":
            for label in found.labels:
                term = rdf.entity(label)
                if term and prose in found.where[label]:
                    yield section, MENTIONS, term


def _links(document: Extracted) -> Iterator[Triple]:
    this = iri(graph_name(document.doc_id))
    for link in document.links[:MAX_LINKS]:
        if link.target and not link.target.startswith("#"):  # within the document
            yield this, REFERENCES, _reference(_joined(document.source_uri, link.target))


def _terms(document: Extracted, found: Terms) -> Iterator[Triple]:
    this = iri(graph_name(document.doc_id))
    for label in found.labels:
        if term := rdf.entity(label):
            yield this, KEYWORDS, literal(label)
            yield from _concept(this, term, label)
    for a, b in found.pairs:
        one, other = rdf.entity(a), rdf.entity(b)
        if one and other and one != other:
            yield one, RELATED, other


def _reading(document: Extracted, reading: Reading) -> Iterator[Triple]:
    """Relations between named entities only: a model invents the ends of others."""
    this = iri(graph_name(document.doc_id))
    yield this, READ, literal(f"{reading.read} of {reading.windows} windows")
    if reading.failure:
        yield this, FAILURE, literal(reading.failure)
    named = set()
    for each in reading.entities:
        if node := rdf.entity(each.name):
            named.add(node)
            yield from _concept(this, node, each.name)
            yield node, KIND, literal(each.type)
    for stated in reading.relations:
        ends = rdf.entity(stated.subject), rdf.entity(stated.object)
        predicate = rdf.relation(stated.predicate)
        if predicate and ends[0] in named and ends[1] in named and ends[0] != ends[1]:
            yield str(ends[0]), predicate, str(ends[1])


def _concept(document: str, node: str, label: str) -> Iterator[Triple]:
    yield document, MENTIONS, node
    yield node, TYPE, f"<{SKOS}Concept>"
    yield node, LABEL, literal(label)


def _reference(text: str) -> str:
    return iri(text) if rdf.is_absolute(text) else literal(text)


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:  # a bracket that is no IPv6 address
        return target


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None
