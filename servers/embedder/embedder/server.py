"""The HTTP door."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from embedder import protocol
from embedder.model import NAME, Embedding, Input, Model
from embedder.protocol import MAX_BODY, ApiError

MAX_OPEN_REQUESTS = 8
"""Whose bodies and vectors are in memory at once; the others wait unread in their sockets."""

BODY_TIMEOUT = 30.0
"""Seconds for a body to arrive, so that a stalled client does not keep a place."""


class Embedder:
    """A model and the threads that it computes on."""

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self.places = asyncio.Semaphore(MAX_OPEN_REQUESTS)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    async def embed(self, items: list[Input]) -> list[Embedding]:
        """In the order of `items`.

        A request has at most one text per thread in the pool's queue, so that a question asked during a large
        batch waits for a few texts, not for the batch. Long texts go first: the threads then end together.
        """
        loop = asyncio.get_running_loop()
        results: dict[int, Embedding] = {}
        longest_first = iter(sorted(range(len(items)), key=lambda index: len(items[index]), reverse=True))

        async def lane() -> None:
            for index in longest_first:
                results[index] = await loop.run_in_executor(self._pool, self.model.embed, items[index])

        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(self._threads, len(items))):
                lanes.create_task(lane())
        return [results[index] for index in range(len(items))]

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def app(model: Model, threads: int) -> Starlette:
    """`threads` texts are worked on at a time, whatever the number of requests."""
    embedder = Embedder(model, threads)
    started = int(time.time())

    async def embeddings(request: Request) -> Response:
        async with embedder.places:
            body = await _read(request)
            asked = protocol.parse(body, dimensions=model.dimensions, vocabulary=model.vocabulary)
            vectors = await embedder.embed(asked.input)
            return Response(protocol.render(vectors, asked.encoding_format), media_type="application/json")

    async def models(_: Request) -> Response:
        return Response(protocol.models(started), media_type="application/json")

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "model": NAME})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        embedder.close()

    return Starlette(
        routes=[
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ],
        exception_handlers={ApiError: _refused, HTTPException: _http_error, Exception: _failed},
        lifespan=lifespan,
    )


async def _read(request: Request) -> bytes:
    """Raises ApiError: 413 above MAX_BODY, 408 after BODY_TIMEOUT, 400 when the client leaves."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise ApiError(413, f"body: larger than {MAX_BODY} bytes; send fewer texts at a time")
    except TimeoutError:
        raise ApiError(408, f"body: did not arrive within {BODY_TIMEOUT:.0f} s") from None
    except ClientDisconnect:
        raise ApiError(400, "body: the client left before its end") from None
    return bytes(body)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 (Starlette's signature is wider than what it calls)
    return error.response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    response = ApiError(error.status_code, error.detail).response()
    response.headers.update(error.headers or {})
    return response


async def _failed(_: Request, error: Exception) -> Response:
    """Starlette raises `error` on, so that its traceback is in the log; the client has no use for it."""
    return ApiError(500, "the model failed; the server's log says why").response()
