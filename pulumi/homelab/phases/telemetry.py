"""Where the pipeline's workloads tell of their work: the collector, on the nodes of labs that have one."""

from homelab.components import collector, openobserve
from homelab.components.pod import Key
from homelab.phases.site import Site


def telemetry(site: Site, service: str) -> dict[str, str]:
    """OpenTelemetry's own variables; without a collector none, and then nothing is recorded."""
    if not site.placed("collector"):
        return {}
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SERVICE_NAME": service}


def shown(pages: openobserve.OpenObserve | None) -> tuple[dict[str, str], dict[str, Key]]:
    """Where what they told can be searched, and by whom: (variables, those that are secret)."""
    if pages is None:
        return {}, {}
    return {"LAB_OPENOBSERVE_URL": openobserve.URL}, {
        "LAB_OPENOBSERVE_EMAIL": Key(pages.login, "email"),
        "LAB_OPENOBSERVE_PASSWORD": Key(pages.login, "password"),
    }
