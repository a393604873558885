"""The facts of one host: `load` reads them, `check` refuses those of another machine or of long ago."""

from homelab.facts.door import check, load, refresh
from homelab.facts.model import (
    SCHEMA_VERSION,
    AuditWarning,
    Benchmark,
    Cpu,
    Device,
    Facts,
    Gpu,
    Homelab,
    Mount,
    Network,
    Peer,
    Storage,
    StorageClass,
)

__all__ = [
    "SCHEMA_VERSION",
    "AuditWarning",
    "Benchmark",
    "Cpu",
    "Device",
    "Facts",
    "Gpu",
    "Homelab",
    "Mount",
    "Network",
    "Peer",
    "Storage",
    "StorageClass",
    "check",
    "load",
    "refresh",
]
