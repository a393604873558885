"""One thing that was looked at: what was seen, whether it will do, and what mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]

Id = Literal[
    "tools.python",
    "tools.uv",
    "tools.just",
    "tools.git",
    "tools.optional",
    "kernel.version",
    "kernel.page-size",
    "kernel.user-namespaces",
    "cgroups.version",
    "cgroups.memory",
    "cgroups.writable",
    "clock.time",
    "clock.sync",
    "lab.file",
    "disk.free",
    "disk.filesystem",
    "disk.writable",
    "ports.free",
    "keys.file",
    "keys.own",
    "secrets.files",
    "secrets.key",
    "secrets.recovery",
    "cluster.engine",
    "cluster.secrets",
    "cluster.images",
    "cluster.sandbox",
    "facts.file",
    "facts.machine",
    "facts.age",
]
"""Stable: programs and docs/doctor.md name findings by these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` says which of several (a host, a port, a file); `mend` is empty where there is nothing to mend."""

    id: Id
    subject: str
    state: State
    evidence: str
    mend: str = ""


def holds(findings: Sequence[Finding]) -> bool:
    """Whether nothing fails; a warning does not."""
    return all(finding.state != "fail" for finding in findings)
