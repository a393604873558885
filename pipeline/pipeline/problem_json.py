"""Errors over HTTP as RFC 9457 problem details: one line for people, never a traceback."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from pipeline.errors import Malformed, Misconfigured, NoSpace, PipelineError, RateLimited, Unavailable

MEDIA_TYPE = "application/problem+json"

RETRY_AFTER = 5
"""Seconds after which a service that was restarted answers again."""

_STATUS: tuple[tuple[type[PipelineError], int], ...] = (
    (NoSpace, 507),
    (RateLimited, 503),
    (Unavailable, 503),
    (Malformed, 422),
    (Misconfigured, 500),
    (PipelineError, 500),
)
"""The first class that fits."""

RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "the request is at fault", "content": {MEDIA_TYPE: {}}},
    "5XX": {"description": "a service does not answer, or the disk is full", "content": {MEDIA_TYPE: {}}},
}
"""For the OpenAPI page."""


def install(app: FastAPI) -> None:
    @app.exception_handler(PipelineError)
    async def pipeline_error(_: Request, error: PipelineError) -> JSONResponse:
        problem = of(error)
        return _response(problem, {"Retry-After": str(RETRY_AFTER)} if problem["status"] == 503 else None)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> JSONResponse:
        return _response(_problem(error.status_code, str(error.detail)), error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # what was given is left out: it may be long, and the caller has it
        faults = [{"where": ".".join(map(str, fault["loc"])), "rule": fault["msg"]} for fault in error.errors()]
        said = "; ".join(f"{fault['where']}: {fault['rule']}" for fault in faults)
        return _response(_problem(422, said, errors=faults))

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        # the server logs the traceback; the caller learns that there is one
        return _response(_problem(500, "an unforeseen error; the log has it"))


def of(error: PipelineError) -> dict[str, Any]:
    """The problem as JSON: status and what is said about it."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    return _problem(status, str(error))


def _problem(status: int, detail: str, **more: object) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}


def _response(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(problem, problem["status"], headers, MEDIA_TYPE)
