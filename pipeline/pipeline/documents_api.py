"""Documents over HTTP: sent, found by their ids, followed, forgotten."""

import sys
import tempfile
from typing import IO, Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field

from pipeline import dead_letters, ingest, problem_json
from pipeline.contract import Bucket
from pipeline.errors import NoSpace
from pipeline.forget import DocumentId, Forgotten, Known, Prefix, forget, known
from pipeline.intake import MIB
from pipeline.opened import Opened
from pipeline.problem import shown


class Document(BaseModel):
    """`accepted`: stored, and on its way. `complete`: can be found. `dead-lettered`: given up for `reason`, which
    one sent again says until it is complete."""

    id: str
    state: Literal["accepted", "complete", "dead-lettered"]
    stage: str | None = None
    reason: str | None = None
    chunks: int | None = Field(default=None, description="of one that is complete")
    failed_at: str | None = Field(default=None, description="ISO 8601, UTC")


def router(max_mib: int) -> APIRouter:
    """Documents have at most `max_mib`."""
    router = APIRouter(prefix="/v1/documents", responses=problem_json.RESPONSES, tags=["documents"])

    @router.post(
        "",
        status_code=202,
        max_body_size=sys.maxsize,  # counted below, where the refusal can say the limit
        response_model_exclude_none=True,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    async def upload(
        request: Request,
        response: Response,
        opened: Opened,
        filename: Annotated[str, Query(min_length=1, max_length=255)],
    ) -> Document:
        """Take the body as a document; its content decides the type. Ask for its state below `Location`."""
        name = shown(filename)
        with tempfile.TemporaryFile() as file:
            await _receive(request, file, max_mib)
            # one at a time in memory, however many arrive at once
            async with request.app.state.uploading:
                file.seek(0)
                doc_id, known = await ingest.accept(
                    file.read(),
                    name,
                    f"upload:{quote(name)}",
                    await opened.doors(),
                    max_mib=max_mib,
                )
        response.headers["Location"] = f"/v1/documents/{doc_id}"
        return Document(id=doc_id, state="complete" if known else "accepted")

    @router.get(
        "/{doc_id}",
        response_model_exclude_none=True,
    )
    async def document(doc_id: DocumentId, opened: Opened) -> Document:
        """How far a document is."""
        if await opened.vectors.completed([doc_id]):
            return Document(id=doc_id, state="complete", chunks=await opened.vectors.chunks(doc_id))
        letter = await dead_letters.last_of(doc_id, await opened.bus())
        if letter is not None:
            given_up = {"stage": letter.stage, "reason": letter.reason, "failed_at": letter.failed_at}
            return Document(id=doc_id, state="dead-lettered", **given_up)
        if await opened.objects.exists(Bucket.RAW, doc_id):
            return Document(id=doc_id, state="accepted")
        raise HTTPException(404, "no such document")

    @router.get("")
    async def beginning(prefix: Annotated[Prefix, Query()], opened: Opened) -> list[Known]:
        """Which documents' ids begin so."""
        return await known(prefix, opened)

    @router.delete("/{doc_id}")
    async def forgotten(doc_id: DocumentId, opened: Opened) -> Forgotten:
        """Everything of it goes; of one that is on its way nothing comes back. Another try takes what one left."""
        if not await known(doc_id, opened):
            raise HTTPException(404, "no such document")
        return await forget(doc_id, opened)

    return router


async def _receive(request: Request, file: IO[bytes], max_mib: int) -> None:
    """The body into `file`. Raises HTTPException 413 as soon as it is too large, NoSpace."""
    length = request.headers.get("content-length", "")
    # closing ends the sending; otherwise the server would read the rest and throw it away
    too_large = HTTPException(413, f"documents have at most {max_mib} MiB", {"Connection": "close"})
    if length.isdecimal() and int(length) > max_mib * MIB:
        raise too_large
    async for piece in request.stream():
        if file.tell() + len(piece) > max_mib * MIB:
            raise too_large
        try:
            file.write(piece)
        except OSError as error:
            raise NoSpace("upload", f"{tempfile.gettempdir()}: {error.strerror}") from error
