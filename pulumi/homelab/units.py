"""Quantities: memory is integer MiB, disk integer GiB, CPU integer millicores. Texts are made at the edge only."""

import re

MIB = 1024**2
GIB = 1024**3

_SIZES = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
_SIZES |= {
    "kib": 1024,
    "mib": MIB,
    "gib": GIB,
    "tib": 1024**4,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
}


def parse_bytes(text: str) -> int:
    """`64GiB`, `2 TB`, `512MiB` → bytes (binary and decimal units mean what they say).

    Raises ValueError with a sentence for people.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    if match is None or match[2].lower() not in _SIZES:
        raise ValueError(f"{text!r} is not a size; write a number with a unit, such as 64GiB or 2TB")
    return int(float(match[1]) * _SIZES[match[2].lower()])


def quantity_mib(mib: int) -> str:
    """Kubernetes' notation."""
    return f"{mib}Mi"


def quantity_gib(gib: int) -> str:
    return f"{gib}Gi"


def quantity_cpu(millicores: int) -> str:
    return f"{millicores}m"


def human_mib(mib: int) -> str:
    """For people: `640 MiB`, `12.4 GiB`."""
    return f"{mib} MiB" if mib < 1024 else f"{mib / 1024:.1f} GiB"
