"""What phase 2 promises of what watches it: the collector takes traces, OpenObserve shows what the stages told."""

import asyncio
import os
import time
from typing import Any

import httpx

from pipeline import traces
from pipeline.checks import chain
from pipeline.errors import Misconfigured, Refused, Unavailable
from pipeline.parts import Parts
from pipeline.routes import ROUTES
from pipeline.settings import Settings

WHERE = "openobserve"

TIMEOUT = 30.0
"""Seconds for one search."""

PATIENCE = 60.0
"""Seconds until what was told must be found: a stage sends after 1, the collector after 0.2 more."""

PAUSE = 1.0
"""Seconds until it is looked for again."""

STREAM = "default"
"""Where OpenObserve puts what comes without the name of a stream."""


def collected_here(settings: Settings) -> bool:
    return bool(os.environ.get(traces.ENDPOINT))


def shown_here(settings: Settings) -> bool:
    return collected_here(settings) and settings.openobserve_url is not None


async def collected(settings: Settings, parts: Parts) -> str:
    """One span of one trace, by the exporter that the workers have."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExportResult

    from pipeline.adapters.otlp import span_exporter

    endpoint = os.environ[traces.ENDPOINT]
    span = TracerProvider(shutdown_on_exit=False).get_tracer("checks").start_span("check")
    span.end()
    exporter = span_exporter(endpoint)
    try:
        result = await asyncio.to_thread(exporter.export, [span])  # type: ignore[list-item]  # the SDK's own span
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    if result is not SpanExportResult.SUCCESS:
        raise Unavailable("collector", f"{endpoint} did not take a trace")
    return f"{endpoint} took a trace"


async def shown(settings: Settings, parts: Parts) -> str:
    """The trace of a page that goes through, with a span and a log line of each stage."""
    begun = time.time()
    with traces.exported("checks"), traces.span("check"):
        trace = traces.headers()["traceparent"].split("-")[1]
        async with chain.page(parts):
            pass
    wanted, until = set(ROUTES), time.time() + PATIENCE
    async with _client(settings) as client:
        while True:
            spans = await _found(client, "traces", "operation_name", trace, begun)
            told = await _found(client, "logs", "service_name", trace, begun)
            if wanted <= spans and len(told) >= len(wanted):
                break
            if time.time() > until:
                missing = ", ".join(sorted(wanted - spans)) or "none"
                raise Misconfigured(
                    WHERE, f"trace {trace}: no span of {missing}, log lines of {len(told)} services"
                )
            await asyncio.sleep(PAUSE)
    return f"trace {trace}: spans of {', '.join(ROUTES)}, log lines of {len(told)} services"


def _client(settings: Settings) -> httpx.AsyncClient:
    password = settings.openobserve_password
    if settings.openobserve_url is None or settings.openobserve_email is None or password is None:
        raise Misconfigured("LAB_OPENOBSERVE_PASSWORD", "its address, e-mail and password are needed together")
    login = (settings.openobserve_email, password.get_secret_value())
    # no proxy of the environment: it must not see the password
    return httpx.AsyncClient(base_url=settings.openobserve_url, auth=login, timeout=TIMEOUT, trust_env=False)


async def _found(client: httpx.AsyncClient, kind: str, column: str, trace: str, since: float) -> set[str]:
    """What stands in `column` of the trace's rows; none where nothing of that kind has arrived ever."""
    query = {
        "sql": f"SELECT {column} FROM \"{STREAM}\" WHERE trace_id = '{trace}'",  # noqa: S608  hex of our own
        "start_time": int((since - PATIENCE) * 1e6),
        "end_time": int((time.time() + PATIENCE) * 1e6),
        "from": 0,
        "size": 100,
    }
    try:
        response = await client.post("/_search", params={"type": kind}, json={"query": query})
    except httpx.TransportError as error:
        raise Unavailable(WHERE, str(error) or type(error).__name__) from error
    if response.status_code == 401:
        raise Refused(WHERE, "it does not take our e-mail and password")
    if response.status_code in {400, 404} and "not found" in response.text:
        return set()
    if response.is_error:
        raise Unavailable(WHERE, f"{response.status_code} {' '.join(response.text.split())[:200]}")
    hits: list[dict[str, Any]] = response.json()["hits"]
    return {str(hit[column]) for hit in hits if column in hit}
