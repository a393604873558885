"""The hand-written manifests that every policy is content with, and a ledger that holds them exactly."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from homelab.policy import Allowance, Ledger

MIB, GIB = 1024**2, 1024**3
_TEXT = (Path(__file__).parents[1] / "fixtures/manifests/clean.yaml").read_text(encoding="utf-8")
_CLEAN = yaml.safe_load(_TEXT)

LEDGER = Ledger(
    {
        "nats": Allowance("nats", 1024 * MIB, 400, 1),
        "docling": Allowance("extract", 640 * MIB, 2000, 3),
        "bootstrap": Allowance("api", 256 * MIB, 500, 1),
    },
    {"nats": 20 * GIB},
    beside={"llama-server": "192.168.1.40"},
)


def clean() -> list[dict[str, Any]]:
    """A copy of its own, without YAML's shared parts."""
    return [deepcopy(manifest) for manifest in deepcopy(_CLEAN)]


def named(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    return next(one for one in manifests if (one["kind"], one["metadata"]["name"]) == (kind, name))
