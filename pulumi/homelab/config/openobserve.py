"""The environment of OpenObserve as one process on a disk of its own. No secret is in it."""

from homelab.specs import OpenObserve

HTTP = 5080
ORGANISATION = "default"

RETENTION_DAYS = 30
"""Of logs, traces and metrics. Its own default is 3,650, which no volume of a home would hold."""


def environment(spec: OpenObserve, *, data_dir: str) -> dict[str, str]:
    return {
        **spec.settings(),
        "ZO_DATA_DIR": data_dir,
        "ZO_LOCAL_MODE": "true",
        "ZO_LOCAL_MODE_STORAGE": "disk",
        "ZO_META_STORE": "sqlite",
        "ZO_MEMORY_CIRCUIT_BREAKER_ENABLED": "true",
        "ZO_COMPACT_DATA_RETENTION_DAYS": str(RETENTION_DAYS),
        "ZO_TELEMETRY": "false",
    }
