"""What phase 4 promises: our tools are found and called through the gateway, and a question gets an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, TextContent

from pipeline import gateway
from pipeline.answer import Answer
from pipeline.checks import chain
from pipeline.errors import Misconfigured, Unavailable
from pipeline.parts import Parts
from pipeline.settings import Settings

NAMES = ("search", "ask", "sparql")
"""Those that every platform offers; `telemetry` comes where Home Assistant is configured."""

TIMEOUT = 120.0
"""Seconds for one answer, which a model may write."""


async def listed(settings: Settings, parts: Parts) -> str:
    """Every tool of our API, by the gateway's name for it."""
    async with _session(settings) as session:
        found = {tool.name for tool in (await session.list_tools()).tools}
    missing = [name for name in NAMES if f"{gateway.NAME}-{name}" not in found]
    if missing:
        raise Misconfigured(gateway.WHERE, f"{', '.join(missing)} is not offered: the registration has not run")
    return f"{', '.join(sorted(found))}"


async def called(settings: Settings, parts: Parts) -> str:
    """A query of the graph, through the gateway to our API and back."""
    async with _session(settings) as session:
        query = {"query": "SELECT (21 * 2 AS ?answer) WHERE {}"}
        answer = await session.call_tool(f"{gateway.NAME}-sparql", query)
    rows = (answer.structured_content or {}).get("result")
    if answer.is_error or rows != [{"answer": "42"}]:
        raise Misconfigured(gateway.WHERE, f"sparql answered {_said(answer)!r}")
    return "sparql was called, and its row came back"


async def answered(settings: Settings, parts: Parts) -> str:
    """A page is found by its words, and a chat model, where one is configured, answers from it: through it all."""
    async with chain.page(parts), _session(settings) as session:
        told = await session.call_tool(f"{gateway.NAME}-ask", {"question": chain.QUESTION})
    if told.is_error or told.structured_content is None:
        raise Misconfigured(gateway.WHERE, f"ask answered {_said(told)!r}")
    answer = Answer.model_validate(told.structured_content)
    if not any(chain.WORD in passage.text for passage in answer.passages):
        raise Misconfigured("api", "a page went through and its words are not found")
    if settings.chat_model is None:
        return f"{len(answer.passages)} passages; no chat model is configured, which would answer from them"
    if not answer.answer:
        raise Misconfigured("api", f"no answer was written: {', '.join(answer.degraded)}")
    return f"{len(answer.passages)} passages, and {settings.chat_model} answered from them"


def _said(answer: CallToolResult) -> str:
    """What is in it to read, in one line of 200 characters at most."""
    said = " ".join(part.text for part in answer.content if isinstance(part, TextContent))
    return " ".join(said.split())[:200]


@asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[ClientSession]:
    headers = {"Authorization": f"Bearer {gateway.token(settings)}"}
    try:
        async with (
            httpx2.AsyncClient(headers=headers, timeout=TIMEOUT, trust_env=False) as http,
            streamable_http_client(f"{settings.gateway_url}/mcp/", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            yield session
    except ExceptionGroup as failures:
        foreseen, others = failures.split((httpx2.HTTPError, MCPError))
        if foreseen is None or others is not None:
            raise
        first = _first(foreseen)
        raise Unavailable(gateway.WHERE, str(first) or type(first).__name__) from first


def _first(failures: BaseException) -> BaseException:
    """The client's tasks wrap what happened, each in a group of its own."""
    while isinstance(failures, BaseExceptionGroup):
        failures = failures.exceptions[0]
    return failures
