"""Spans and log lines over OTLP/HTTP, by OpenTelemetry's SDK: in the background, within bounds, and never in the
way. While the collector is away the oldest of them are lost, and the log says so now and then."""

import logging
import os
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType

import requests
from opentelemetry import context, trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from pipeline.log import line
from pipeline.ports import Attribute, Tell

QUEUE = 512
"""Spans, and as many log lines, that wait at most: about 1 MiB of each. A document leaves four spans."""

BATCH = 128
"""Of one request."""

DELAY_MS = 1000
"""How long one waits for others before it is sent."""

TIMEOUT = 5.0
"""Seconds for one batch, with its repetitions; then it is lost."""

FLUSH = 2.0
"""Seconds at the end for what still waits: a supervisor kills after 10, of which a message in work may take 5."""

QUIET = 60.0
"""Seconds between two words about what was lost."""

MAX_EVENTS = 32
"""Of one span, the latest: a service that is away for a night is tried again every 30 s."""

MAX_LINE = 1000
"""Characters of a log line."""

OURS = "lab."
"""Before the names of our attributes, so that they are nobody else's."""

ADDRESS = ("url.path", "url.query")
"""What FastAPI says of a request's address: questions stand there. Its route says enough."""

_PROPAGATOR = TraceContextTextMapPropagator()

_log = logging.getLogger("otlp")  # outside of `pipeline`: what is said of the export is not exported


class Otlp:
    """The Recorder, with the lines of every `pipeline` logger. One a process."""

    def __init__(self, endpoint: str, service: str) -> None:
        resource = Resource.create(
            {
                "service.name": os.environ.get("OTEL_SERVICE_NAME") or service,
                "service.instance.id": socket.gethostname(),
            }
        )
        limits = SpanLimits(max_events=MAX_EVENTS)
        self.provider = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
        self.provider.add_span_processor(_NoAddress())
        self.provider.add_span_processor(BatchSpanProcessor(span_exporter(endpoint), QUEUE, DELAY_MS, BATCH))
        self._tracer = self.provider.get_tracer("pipeline")
        self._logs = LoggerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPLogExporter(f"{endpoint.rstrip('/')}/v1/logs", timeout=TIMEOUT, session=_session())
        self._logs.add_log_record_processor(
            BatchLogRecordProcessor(exporter, DELAY_MS, BATCH, max_queue_size=QUEUE)
        )
        self._lines = _Lines(self._logs)
        logging.getLogger("pipeline").addHandler(self._lines)
        library = logging.getLogger("opentelemetry")
        # for good: also a batch that nobody waits for any more tells of its failure
        library.handlers, library.propagate = [_Seldom(logging.WARNING)], False

    def span(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, Attribute]
    ) -> AbstractContextManager[Tell]:
        above = _PROPAGATOR.extract(headers, Context())
        span = self._tracer.start_span(name, above, SpanKind.CONSUMER, _named(attributes))
        return _Open(span, current=True)

    def part(self, name: str) -> AbstractContextManager[Tell]:
        return _Open(self._tracer.start_span(name), current=False)

    def note(self, attributes: Mapping[str, Attribute]) -> None:
        trace.get_current_span().set_attributes(_named(attributes))

    def event(self, name: str, attributes: Mapping[str, Attribute]) -> None:
        trace.get_current_span().add_event(name, _named(attributes))

    def headers(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier

    def close(self) -> None:
        """At the latest after FLUSH seconds; who is still sending then is not waited for."""
        logging.getLogger("pipeline").removeHandler(self._lines)
        ending = [
            threading.Thread(target=one.shutdown, name="otlp-flush", daemon=True)
            for one in (self.provider, self._logs)
        ]
        until = time.monotonic() + FLUSH
        for thread in ending:
            thread.start()
        for thread in ending:
            thread.join(max(0.0, until - time.monotonic()))


def span_exporter(endpoint: str) -> OTLPSpanExporter:
    return OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT, session=_session())


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy of the environment stands before a collector of our own
    return session


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {f"{OURS}{name}": value for name, value in attributes.items()}


class _Open(AbstractContextManager[Tell]):
    """A span until its block ends. Of an error only its kind is kept: its words may be a document's."""

    def __init__(self, span: trace.Span, *, current: bool) -> None:
        self._span = span
        self._attached = context.attach(trace.set_span_in_context(span)) if current else None

    def __enter__(self) -> Tell:
        return self._tell

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> None:
        if self._attached is not None:
            context.detach(self._attached)
        if kind is not None and issubclass(kind, Exception):
            self._span.set_attribute("error.type", kind.__qualname__)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()

    def _tell(self, **attributes: Attribute) -> None:
        self._span.set_attributes(_named(attributes))


class _NoAddress(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        for name in ADDRESS:
            if name in (span.attributes or {}):
                span.set_attribute(name, "not told")


class _Lines(logging.Handler):
    """Log lines as they stand in the log, with the trace around them."""

    _SEVERITY = (
        (logging.ERROR, SeverityNumber.ERROR),
        (logging.WARNING, SeverityNumber.WARN),
        (logging.INFO, SeverityNumber.INFO),
        (logging.NOTSET, SeverityNumber.DEBUG),
    )

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__()
        self._provider = provider

    def emit(self, record: logging.LogRecord) -> None:
        severity = next(number for level, number in self._SEVERITY if record.levelno >= level)
        self._provider.get_logger(record.name).emit(
            LogRecord(
                timestamp=int(record.created * 1e9),
                context=context.get_current(),
                severity_number=severity,
                severity_text=severity.name,
                body=record.getMessage()[:MAX_LINE],
            )
        )


class _Seldom(logging.Handler):
    """What OpenTelemetry says of what it could not send, at most once in QUIET seconds."""

    _last = -QUIET

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now - self._last >= QUIET:
            self._last = now
            _log.warning(line("not-exported", reason=record.getMessage()))
