"""What the pipeline tells of its own work: spans and their events, and its log lines beside them.

`OTEL_EXPORTER_OTLP_ENDPOINT` names the collector. Without it nothing is recorded, and nothing of OpenTelemetry is
loaded for it. An attribute is a number, an id or a word of ours: never a document's or a question's text, nor what
a service said of either.
"""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from pipeline.ports import Attribute, Recorder, Tell

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
"""OpenTelemetry's own name for the collector's address, to which `/v1/traces` and `/v1/logs` are added."""

PROBES = frozenset({"/health", "/ready"})
"""Asked every ten seconds by whoever supervises the API: no part of anything that a person did."""

_recorder: Recorder | None = None


def start(service: str) -> None:
    """Record from now on, where a collector is named; `service` unless OTEL_SERVICE_NAME says otherwise."""
    global _recorder
    endpoint = os.environ.get(ENDPOINT)
    if not endpoint or _recorder is not None:
        return
    from pipeline.adapters.otlp import Otlp

    _recorder = Otlp(endpoint, service)


def stop() -> None:
    """No more of it. What waits is sent, for two seconds at most."""
    global _recorder
    if _recorder is not None:
        closing, _recorder = _recorder, None
        closing.close()


@contextmanager
def exported(service: str) -> Iterator[None]:
    """While the block lasts."""
    start(service)
    try:
        yield
    finally:
        stop()


def span(
    name: str, headers: Mapping[str, str] | None = None, **attributes: Attribute
) -> AbstractContextManager[Tell]:
    """Work on a message, within the trace that its headers name; what happens in the block belongs to it."""
    return nullcontext(_silent) if _recorder is None else _recorder.span(name, headers or {}, attributes)


def part(name: str) -> AbstractContextManager[Tell]:
    """A part of what is going on. It may begin and end in different tasks, as a generator does."""
    return nullcontext(_silent) if _recorder is None else _recorder.part(name)


def note(**attributes: Attribute) -> None:
    """Of the span around."""
    if _recorder is not None:
        _recorder.note(attributes)


def event(name: str, **attributes: Attribute) -> None:
    """A moment of the span around."""
    if _recorder is not None:
        _recorder.event(name, attributes)


def headers() -> dict[str, str]:
    """What a message says of the trace that it belongs to, as W3C names it; empty outside of any."""
    return {} if _recorder is None else _recorder.headers()


def requests() -> "TelemetryConfig":
    """FastAPI's own spans of requests, where there are any; nothing else of what it could tell: it would put the
    words of errors into logs, and set up an exporter without bounds."""
    return {
        "tracing": _recorder is not None,
        "tracer_provider": None if _recorder is None else _recorder.provider,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "auto_configure": False,
        "exclude": _is_probe,
    }


def _is_probe(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in PROBES


def _silent(**attributes: Attribute) -> None:
    """Nobody listens."""
