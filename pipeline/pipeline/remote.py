"""The platform through its API: questions, and uploads that are followed until they are through."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from pipeline import contract
from pipeline.answer import Answer
from pipeline.contract import DeadLetter, EmbedCompleted, KgCompleted, Subject
from pipeline.dead_letter_queue import Listed, Shown
from pipeline.errors import Malformed, Misconfigured, NoSpace, PipelineError, Unavailable
from pipeline.follow import patiently
from pipeline.forget import Forgotten, Known
from pipeline.ingest import Uploads
from pipeline.intake import Candidate
from pipeline.platform import Platform, Rows, every_page
from pipeline.status import Status

WHERE = "api"

TIMEOUT = httpx.Timeout(300.0, connect=10.0)
"""Seconds. An answer is written by a model that may be slow; an upload of 100 MiB crosses a home's Wi-Fi."""

CONNECTIONS = 8
"""At once: the API takes 64 from everybody."""

EVERY = 1.0
"""Seconds between two looks at the documents that are on their way: the API has no feed of events."""

Event = tuple[str, bytes]


class Remote:
    """A `Platform` and its `Uploads`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._followed: dict[str, str] = {}
        self._given_up: dict[str, str] = {}

    async def search(self, text: str, limit: int) -> Answer:
        return Answer.model_validate(await self._post("/v1/search", {"text": text, "limit": limit}))

    async def ask(self, question: str, limit: int) -> Answer:
        return Answer.model_validate(await self._post("/v1/ask", {"question": question, "limit": limit}))

    async def sparql(self, query: str) -> Rows:
        rows: Rows = await self._post("/v1/sparql", {"query": query})
        return rows

    async def status(self) -> Status:
        return Status.model_validate(_told(await self._asked("GET", "/v1/status")))

    async def uploads(self) -> Uploads:
        return self

    async def known(self, start: str) -> list[Known]:
        answer = await self._asked("GET", "/v1/documents", params={"prefix": start})
        return [Known.model_validate(one) for one in _told(answer)]

    async def forget(self, doc_id: str) -> Forgotten:
        return Forgotten.model_validate(_told(await self._asked("DELETE", f"/v1/documents/{doc_id}")))

    async def dead_letters(self) -> list[Listed]:
        async def page(after: int) -> list[Listed]:
            answer = await self._asked("GET", "/v1/dead-letters", params={"after": after})
            return [Listed.model_validate(one) for one in _told(answer)]

        return await every_page(page)

    async def dead_letter(self, number: int) -> Shown:
        return Shown.model_validate(await self._letter("GET", number))

    async def replay(self, number: int) -> None:
        await self._letter("POST", number, "/replay")

    async def purge(self, number: int) -> None:
        await self._letter("DELETE", number)

    async def _letter(self, method: str, number: int, deed: str = "") -> Any:
        answer = await self._asked(method, f"/v1/dead-letters/{number}{deed}")
        return _told(answer, f"dead letter {number}")

    async def completed(self, doc_ids: Sequence[str]) -> set[str]:
        found = await asyncio.gather(*(self._document(doc_id) for doc_id in doc_ids))
        for document in found:
            if document is not None and document["state"] == "dead-lettered":
                self._given_up[document["id"]] = document["failed_at"]
        return {document["id"] for document in found if document is not None and document["state"] == "complete"}

    async def take(self, candidate: Candidate, raw: bytes, run: str) -> None:
        """Twice in one `run` is two requests for the same document, which every stage does once."""
        name = candidate.metadata.filename
        _told(await self._asked("POST", "/v1/documents", name, params={"filename": name}, content=raw), name)
        self._followed[candidate.doc_id] = name

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        yield self._looked()

    async def _looked(self) -> AsyncIterator[Event]:
        """What became of the documents that were taken, in the words of the events that nobody sends here."""
        while True:
            for doc_id in list(self._followed):
                document = await patiently(partial(self._document, doc_id)) or {"state": "forgotten"}
                for event in self._events(doc_id, document):
                    yield event
            await asyncio.sleep(EVERY)

    def _events(self, doc_id: str, document: dict[str, Any]) -> list[Event]:
        if document["state"] == "complete":
            del self._followed[doc_id]
            embedded = EmbedCompleted(doc_id=doc_id, garage_key="none", chunks=document.get("chunks", 0))
            through = KgCompleted(doc_id=doc_id, triples_count=0)
            return [
                (Subject.EMBED_COMPLETED, embedded.model_dump_json().encode()),
                (Subject.KG_COMPLETED, through.model_dump_json().encode()),
            ]
        if document["state"] == "forgotten":
            del self._followed[doc_id]
            mark = contract.Forgotten(doc_id=doc_id)
            return [(f"{Subject.FORGOTTEN}.{doc_id}", mark.model_dump_json().encode())]
        # One that was given up before says so until it is complete.
        if document["state"] == "dead-lettered" and document["failed_at"] != self._given_up.get(doc_id):
            del self._followed[doc_id]
            stage = document["stage"]
            letter = DeadLetter(
                stage=stage,
                doc_id=doc_id,
                reason=document["reason"],
                subject="",
                payload="",
                deliveries=1,
                failed_at=document["failed_at"],
            )
            return [(f"{Subject.DEAD}.{stage}.{doc_id}", letter.model_dump_json().encode())]
        return []

    async def _document(self, doc_id: str) -> dict[str, Any] | None:
        """None for one that was never sent."""
        answer = await self._asked("GET", f"/v1/documents/{doc_id}")
        found: dict[str, Any] | None = None if answer.status_code == 404 else _told(answer)
        return found

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _told(await self._asked("POST", path, json=body))

    async def _asked(self, method: str, path: str, where: str = WHERE, **given: Any) -> httpx.Response:
        try:
            return await self._client.request(method, path, **given)
        except httpx.TransportError as error:
            raise Unavailable(where, str(error) or type(error).__name__) from error


def _told(answer: httpx.Response, where: str = WHERE) -> Any:
    """Its JSON. Raises the PipelineError that the API had."""
    if answer.is_success:
        return answer.json() if answer.content else None
    raise _error(answer.status_code, where, _detail(answer).removeprefix(f"{where}: "))


def _error(status: int, where: str, reason: str) -> PipelineError:
    if status == httpx.codes.INSUFFICIENT_STORAGE:
        return NoSpace(where, reason)
    if status == httpx.codes.INTERNAL_SERVER_ERROR:
        return Misconfigured(where, reason)
    return Unavailable(where, reason) if httpx.codes.is_server_error(status) else Malformed(where, reason)


def _detail(answer: httpx.Response) -> str:
    """Of a problem document; what is none came from something that stands before the API."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json()["detail"])
    return f"{answer.status_code} {' '.join(answer.text.split())[:200]}"


@asynccontextmanager
async def remote(url: str, host: str) -> AsyncIterator[Platform]:
    """The API at `url`, which answers to the name `host`."""
    limits = httpx.Limits(max_connections=CONNECTIONS)
    # no proxy of the environment: it is this machine's own loopback
    async with httpx.AsyncClient(
        base_url=url, headers={"Host": host}, timeout=TIMEOUT, limits=limits, trust_env=False
    ) as client:
        yield Remote(client)
