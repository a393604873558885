"""N-Triples: IRIs and literals written so that no document can break out of its graph."""

import re
import unicodedata
from urllib.parse import quote

from pipeline.ports import Triple

DCTERMS = "http://purl.org/dc/terms/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SCHEMA = "https://schema.org/"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
LAB = "urn:lab:"

MAX_SLUG = 80
"""Characters. Names are shorter; what is longer is a sentence that a model took for one."""

_UNSAFE = re.compile(r"[\x00-\x20<>\"{}|^`\\\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufff0-\uffff]")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s].*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile(r"[\\\"\x00-\x1f\x7f\ud800-\udfff]")


def iri(text: str) -> str:
    """`text` in angle brackets; characters that no IRI may hold are percent-encoded."""
    return f"<{_UNSAFE.sub(lambda match: quote(match[0], safe='', errors='replace'), text)}>"


def is_absolute(text: str) -> bool:
    """Whether it has a scheme, and so can stand as an IRI."""
    return _ABSOLUTE.fullmatch(text) is not None


def literal(text: str, datatype: str | None = None) -> str:
    """A string, or one with a datatype; control characters that mean nothing are left out."""
    escaped = _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], ""), text)
    return f'"{escaped}"' + (f"^^<{datatype}>" if datatype else "")


def integer(number: int) -> str:
    return literal(str(number), f"{XSD}integer")


def slug(name: str) -> str:
    """`Häfele GmbH & Co.` → `häfele-gmbh-co`: letters and digits of any script; empty when there are none."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name).casefold())
    return "-".join(words)[:MAX_SLUG].strip("-")


def entity(name: str) -> str | None:
    """The IRI of what has that name, the same in every document, or None for a name without a letter or digit."""
    return iri(f"{LAB}entity:{slug(name)}") if slug(name) else None


def relation(name: str) -> str | None:
    """`works for` → `<urn:lab:relation:worksFor>`."""
    first, *rest = slug(name).split("-")
    return iri(f"{LAB}relation:{first}{''.join(map(str.capitalize, rest))}") if first else None


def ntriples(triples: list[Triple]) -> str:
    """One a line, each once, in order."""
    return "".join(f"{s} {p} {o} .\n" for s, p, o in dict.fromkeys(triples))
