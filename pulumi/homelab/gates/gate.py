"""What a rule says of one measured fact: nothing is guessed, the number and the rule's source are shown."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "warn", "info"]

Id = Literal[
    "disk.measured",
    "disk.etcd",
    "disk.jetstream",
    "disk.free",
    "pages.images",
    "cgroup.memory",
    "link.replica",
    "link.mtu",
    "cpu.instructions",
]
"""Stable: programs and docs/gates.md name gates by these."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact by its key in facts/<host>.json, and its value with its unit for people."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Gate:
    """`refuse`: it will not run so; `warn`: it runs, badly or without a guard; `info`: a conservative choice was
    made, which a measurement could improve. `source` says who made the rule.
    """

    id: Id
    severity: Severity
    host: str
    evidence: Evidence
    rule: str
    source: str
    mend: str
