"""Asking, searching and uploading over HTTP: `python -m pipeline.api`.

There is no log-in: it listens on loopback, or in a cluster where network policy says who may reach it. A browser
reaches loopback too, on behalf of any page, so requests for another host name or from another site are refused.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from urllib.parse import urlsplit

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipeline import dead_letters_api, documents_api, parts, problem_json, tools, traces
from pipeline.adapters.telemetry import Telemetry
from pipeline.answer import Answer
from pipeline.errors import PipelineError
from pipeline.opened import Opened
from pipeline.settings import Settings, load, problems
from pipeline.status import Status

MAX_BODY = 64 * 1024
"""Bytes of a request that is not an upload: the longest question or SPARQL query in any script, with room."""

MAX_REQUESTS = 64
"""Requests at once; more get 503. Each may hold some passages (10 KiB) and one database connection's wait."""

Text = Annotated[str, Field(min_length=1, max_length=2000, description="what to look for, in plain words")]
Limit = Annotated[int, Field(ge=1, le=50, description="passages at most")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Question(_Body):
    question: Text
    limit: Limit = 8


class Search(_Body):
    text: Text
    limit: Limit = 8


class Sparql(_Body):
    query: str = Field(min_length=1, max_length=20_000, description="SELECT, ASK, CONSTRUCT or DESCRIBE")


def create_app(settings: Settings) -> FastAPI:
    """The application over what `settings` names; adapters open with its lifespan and close with it."""
    traces.start("api")
    offered = tools.server(lambda: app.state.parts, Telemetry.configured(settings))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with parts.opened(settings, "api") as opened, offered.session_manager.run():
                app.state.parts = opened
                app.state.uploading = asyncio.Lock()
                yield
        finally:
            await asyncio.to_thread(traces.stop)  # here: the server ends its process by a signal

    app = FastAPIOffline(
        title="Home lab",
        summary="Documents in, answers with citations out",
        version="1",
        redoc_url=None,
        lifespan=lifespan,
        max_body_size=MAX_BODY,
        dependencies=[Depends(_own_origin)],
        telemetry=traces.requests(),
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.api_names.split(","), www_redirect=False)
    problem_json.install(app)
    _declare(app)
    app.include_router(documents_api.router(settings.max_document_mib))
    app.include_router(dead_letters_api.router)
    app.router.routes.extend(tools.routes(offered, settings.api_names.split(","), MAX_BODY))
    return app


def _own_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "requests from pages of other sites are refused")


def _declare(app: FastAPI) -> None:
    @app.post("/v1/ask", responses=problem_json.RESPONSES, tags=["questions"])
    async def ask(body: Question, opened: Opened) -> Answer:
        """Passages, related facts and an answer that cites the passages by number."""
        return await opened.query.ask(body.question, body.limit)

    @app.post("/v1/ask/stream", response_class=EventSourceResponse, tags=["questions"])
    async def ask_stream(body: Question, opened: Opened) -> AsyncIterator[ServerSentEvent]:
        """Events `passages`, `piece` (text as it is written) and at last `answer`; or `problem` and the end."""
        try:
            async for event in opened.query.stream(body.question, body.limit):
                yield ServerSentEvent(event=event.kind, data=event.answer or event.piece)
        except PipelineError as error:
            yield ServerSentEvent(event="problem", data=problem_json.of(error))

    @app.get("/v1/search", responses=problem_json.RESPONSES, tags=["questions"])
    async def search_get(
        opened: Opened, q: Annotated[Text, Query()], limit: Annotated[Limit, Query()] = 8
    ) -> Answer:
        """The passages nearest to `q`, best first; `answer` is null."""
        return await opened.query.search(q, limit)

    @app.post("/v1/search", responses=problem_json.RESPONSES, tags=["questions"])
    async def search_post(body: Search, opened: Opened) -> Answer:
        """The same for texts that are no part of an address."""
        return await opened.query.search(body.text, body.limit)

    @app.post("/v1/sparql", responses=problem_json.RESPONSES, tags=["graph"])
    async def sparql(body: Sparql, opened: Opened) -> list[dict[str, str]]:
        """Rows of a read-only query over the graphs of all documents."""
        return await opened.graph.select(body.query)

    @app.get("/v1/status", tags=["platform"])
    async def pipeline_status(opened: Opened) -> Status:
        """What waits in the streams and what the stores hold."""
        return await opened.status()

    @app.get("/ready", responses=problem_json.RESPONSES, tags=["platform"])
    async def ready(opened: Opened) -> dict[str, str]:
        """Whether questions can be answered: the database does."""
        await opened.ready()
        return {"status": "ready"}

    @app.get("/health", tags=["platform"])
    async def health() -> dict[str, str]:
        """Whether this process runs, whatever the others do."""
        return {"status": "ok"}


def main() -> int:
    try:
        settings = load()
    except ValidationError as error:
        sys.stderr.write("\n".join(problems(error)) + "\n")
        return 1
    uvicorn.run(
        create_app(settings),
        host=settings.api_host,
        port=settings.api_port,
        limit_concurrency=MAX_REQUESTS,
        server_header=False,
        proxy_headers=False,  # nothing stands in front of it whose word on addresses could be trusted
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
