"""The graph store: Oxigraph over HTTP, one named graph a document, and a read-only SPARQL door."""

import re
from typing import Any

import httpx

from pipeline.errors import Malformed, NoSpace, Unavailable
from pipeline.settings import Settings

WHERE = "oxigraph"

TIMEOUT = httpx.Timeout(30.0, connect=5.0)
"""Seconds. An update of a document's 1,000 triples takes 20 ms; a person's query may be worse."""

MAX_ROWS = 10_000
"""Rows of an answer at most: a person or a program that wants the whole store dumps it."""

_NOT_CODE = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
    r"|<[^<>\"{}|^`\\\s]*>|#[^\n]*",
    re.DOTALL,
)
"""SPARQL's strings, IRIs and comments, in which a keyword is none."""

_SERVICE = re.compile(r"\bSERVICE\b", re.IGNORECASE)

_TRIPLE = re.compile(r"(<[^>]*>|_:\S+) (<[^>]*>) (.+) \.")


class Graph:
    """The GraphStore port."""

    def __init__(self, settings: Settings) -> None:
        self._client = httpx.AsyncClient(
            base_url=settings.oxigraph_url,
            timeout=TIMEOUT,
            trust_env=False,  # a proxy of the environment is no way to loopback or to the cluster
        )

    async def check(self) -> None:
        await self._query("ASK {}")

    async def close(self) -> None:
        await self._client.aclose()

    async def replace(self, graph: str, ntriples: str) -> int:
        # One update is one transaction in Oxigraph, whatever number of operations it has.
        update = f"DROP SILENT GRAPH <{graph}> ;\nINSERT DATA {{ GRAPH <{graph}> {{\n{ntriples}}} }}"
        await self._update(update)
        [row] = await self.select(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        return int(row["n"])

    async def drop(self, graph: str) -> None:
        await self._update(f"DROP SILENT GRAPH <{graph}>")

    async def count(self) -> int:
        [row] = await self.select("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")
        return int(row["n"])

    async def select(self, sparql: str) -> list[dict[str, str]]:
        """Rows by variable; an ASK gives one row `boolean`, triples come as `subject`, `predicate`, `object`.

        Without GRAPH a pattern is looked for in all documents' graphs together. Raises Malformed for what
        is not a query, for a SERVICE (the store would call other machines), and beyond MAX_ROWS.
        """
        if _SERVICE.search(_NOT_CODE.sub(" ", sparql)):
            raise Malformed("query", "SERVICE is not served here: it would call other machines")
        response = await self._query(sparql)
        if response.headers["content-type"].startswith("application/n-triples"):
            rows = _triples(response.text)
        else:
            rows = _rows(response.json())
        if len(rows) > MAX_ROWS:
            raise Malformed("query", f"it has {len(rows)} rows, more than {MAX_ROWS}; add a LIMIT")
        return rows

    async def _query(self, sparql: str) -> httpx.Response:
        # This path takes queries only: an update is a syntax error to it.
        return await self._post(
            "/query",
            sparql,
            "application/sparql-query",
            {"union-default-graph": ""},
            {"Accept": "application/sparql-results+json, application/n-triples;q=0.9"},
        )

    async def _update(self, sparql: str) -> None:
        await self._post("/update", sparql, "application/sparql-update", {}, {})

    async def _post(
        self, path: str, body: str, kind: str, params: dict[str, str], headers: dict[str, str]
    ) -> httpx.Response:
        try:
            response = await self._client.post(
                path, content=body.encode(), params=params, headers=headers | {"Content-Type": kind}
            )
        except httpx.TransportError as error:
            raise Unavailable(WHERE, f"{self._client.base_url}: {error or type(error).__name__}") from error
        if response.is_success:
            return response
        reason = " ".join(response.text.split())[:300] or str(response.status_code)
        if "No space left on device" in reason:
            raise NoSpace(WHERE, reason)
        if response.is_client_error:
            raise Malformed("query", reason)
        raise Unavailable(WHERE, f"{response.status_code} {reason}")


def _rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    if "boolean" in answer:
        return [{"boolean": str(answer["boolean"]).lower()}]
    return [{name: term["value"] for name, term in row.items()} for row in answer["results"]["bindings"]]


def _triples(text: str) -> list[dict[str, str]]:
    """Each as N-Triples text, so that an IRI and a literal can be told apart."""
    matches = (_TRIPLE.fullmatch(line) for line in text.splitlines())
    return [{"subject": m[1], "predicate": m[2], "object": m[3]} for m in matches if m]
