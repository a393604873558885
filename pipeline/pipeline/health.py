"""A worker's door: `GET /ready` says 200 when everything that the stage leans on has just answered, `GET /health`
whenever the worker's own loop goes round, whatever the others do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pipeline.errors import Malformed, Misconfigured, Unavailable
from pipeline.ports import Dependency

PATIENCE = 3.0
"""Seconds for all dependencies together; a prober has its own limit, seldom below 5."""

MAX_REQUEST = 8192
"""Bytes of a request's line and headers."""

_log = logging.getLogger(__name__)


async def problems(dependencies: Sequence[Dependency]) -> list[str]:
    """One line for each dependency that does not answer; empty means ready. Raises Misconfigured."""

    async def ask(dependency: Dependency) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE):
                await dependency.check()
        except (Unavailable, Malformed) as error:
            return str(error)
        except TimeoutError:
            return f"{type(dependency).__name__.lower()}: no answer within {PATIENCE:g} s"
        return None

    return [answer for answer in await asyncio.gather(*map(ask, dependencies)) if answer]


@asynccontextmanager
async def door(host: str, port: int | None, dependencies: Sequence[Dependency]) -> AsyncIterator[None]:
    """Open while the block runs; without a port there is none. Raises OSError for a port that is taken."""
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(await _answer(head.split(b"\r\n", 1)[0], dependencies))
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            _log.debug("a prober left: %s", error)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port, limit=MAX_REQUEST)
    try:
        yield
    finally:
        server.close()


async def _answer(request: bytes, dependencies: Sequence[Dependency]) -> bytes:
    if request.startswith((b"GET /health ", b"HEAD /health ")):
        return _response("200 OK", "running")
    if not request.startswith((b"GET /ready ", b"HEAD /ready ")):
        return _response("404 Not Found", "GET /ready, GET /health")
    try:
        missing = await problems(dependencies)
    except Misconfigured as error:
        missing = [str(error)]
    if missing:
        return _response("503 Service Unavailable", "\n".join(missing))
    return _response("200 OK", "ready")


def _response(status: str, text: str) -> bytes:
    body = f"{text}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
