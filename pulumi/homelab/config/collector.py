"""otelcol.yaml: OTLP in, bounded in memory, on to OpenObserve, or to its own log where there is none."""

from typing import Any

import yaml

from homelab.specs import Collector

HTTP = 4318
GRPC = 4317
HEALTH = 13133
"""OpenTelemetry's own ports, and the one of the collector's health_check extension."""

AUTHORIZATION = "OPENOBSERVE_AUTHORIZATION"
"""The environment name of the header's value, which is a secret."""


def render(spec: Collector, *, listen: str, openobserve_url: str | None) -> str:
    """`openobserve_url` with the organisation's path; None writes each batch's size to the collector's log."""
    settings = spec.settings()
    name, exporter = _exporter(openobserve_url)
    pipeline = {"receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": [name]}
    document = {
        "receivers": {
            "otlp": {
                "protocols": {
                    "http": {"endpoint": f"{listen}:{HTTP}"},
                    "grpc": {"endpoint": f"{listen}:{GRPC}"},
                }
            }
        },
        "processors": {
            "memory_limiter": {
                "check_interval": "1s",
                "limit_mib": int(settings["memory_limiter.limit_mib"]),
                "spike_limit_mib": int(settings["memory_limiter.spike_limit_mib"]),
            },
            "batch": {},
        },
        "exporters": {name: exporter},
        "extensions": {"health_check": {"endpoint": f"{listen}:{HEALTH}"}},
        "service": {
            "extensions": ["health_check"],
            "pipelines": dict.fromkeys(("traces", "metrics", "logs"), pipeline),
            "telemetry": {"metrics": {"level": "none"}},  # nobody scrapes the collector itself
        },
    }
    return yaml.dump(document, Dumper=_Plain, sort_keys=False)


def environment(spec: Collector) -> dict[str, str]:
    return {"GOMEMLIMIT": spec.settings()["GOMEMLIMIT"]}


def _exporter(openobserve_url: str | None) -> tuple[str, dict[str, Any]]:
    if openobserve_url is None:
        return "debug", {"verbosity": "basic"}
    return "otlphttp", {"endpoint": openobserve_url, "headers": {"Authorization": f"${{env:{AUTHORIZATION}}}"}}


class _Plain(yaml.SafeDumper):
    """Writes what is used twice twice: anchors are for programs."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
