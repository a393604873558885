"""The real OpenTelemetry collector on free ports, which writes what it is sent into a file."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab.tools import find
from servers import Server, answers, free_port


@dataclass(frozen=True)
class Span:
    """Attributes as the wire has them, without their types; ids are in hex."""

    service: str
    name: str
    trace: str
    parent: str
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    failed: bool


@dataclass(frozen=True)
class Line:
    service: str
    body: str
    trace: str
    severity: str


@dataclass(frozen=True)
class Collector:
    server: Server
    file: Path

    @property
    def text(self) -> str:
        """All that it was sent."""
        return self.file.read_text() if self.file.exists() else ""

    @property
    def spans(self) -> list[Span]:
        return [
            Span(
                service=_attributes(resource["resource"])["service.name"],
                name=span["name"],
                trace=span["traceId"],
                parent=span.get("parentSpanId", ""),
                attributes=_attributes(span),
                events=[(event["name"], _attributes(event)) for event in span.get("events", ())],
                failed=span.get("status", {}).get("code") == 2,
            )
            for resource in self._sent("resourceSpans")
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    @property
    def lines(self) -> list[Line]:
        return [
            Line(
                service=_attributes(resource["resource"])["service.name"],
                body=record["body"]["stringValue"],
                trace=record.get("traceId", ""),
                severity=record["severityText"],
            )
            for resource in self._sent("resourceLogs")
            for scope in resource["scopeLogs"]
            for record in scope["logRecords"]
        ]

    def _sent(self, kind: str) -> list[dict[str, Any]]:
        # without a line that is still being written
        whole = [line for line in self.text.splitlines(keepends=True) if line.endswith("\n")]
        return [resource for line in whole for resource in json.loads(line).get(kind, ())]


@contextmanager
def collector(folder: Path) -> Iterator[Collector]:
    """Ready; `server.url` is what OTEL_EXPORTER_OTLP_ENDPOINT shall say. Skips where it was never built."""
    program = find("otelcol")
    if program is None:
        pytest.skip("no collector: ./lab tools otelcol builds it")
    port, health, file = free_port(), free_port(), folder / "telemetry.jsonl"
    pipeline = {"receivers": ["otlp"], "exporters": ["file"]}
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
        "exporters": {"file": {"path": str(file), "flush_interval": "50ms"}},
        "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": {"traces": pipeline, "logs": pipeline},
            "telemetry": {"metrics": {"level": "none"}},
        },
    }
    path = folder / "otelcol.yaml"
    path.write_text(yaml.safe_dump(config))
    server = Server(
        "otelcol",
        [str(program), "--config", str(path)],
        port,
        lambda: answers(f"http://127.0.0.1:{health}/"),
        folder / "otelcol.log",
        url=f"http://127.0.0.1:{port}",
    )
    try:
        server.start()
        yield Collector(server, file)
    finally:
        server.stop()


def _attributes(of: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in of.get("attributes", ())}
