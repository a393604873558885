"""The clock: stamps of facts, leases and TLS depend on it, and a Raspberry Pi has none of its own."""

import ctypes
from collections.abc import Iterator
from datetime import UTC, datetime

from homelab.doctor.finding import Finding
from homelab.lab import ROOT

SIZE = 512
"""Bytes; more than a `struct timex` has anywhere. All zero, its `modes` asks and sets nothing (adjtimex(2))."""

UNSYNCHRONISED = 5  # TIME_ERROR in sys/timex.h


def findings() -> Iterator[Finding]:
    files = [ROOT / name for name in ("pyproject.toml", "uv.lock") if (ROOT / name).exists()]
    newest = max((file.stat().st_mtime for file in files), default=0.0)
    yield plausible(datetime.now(UTC), datetime.fromtimestamp(newest, UTC))
    yield synchronised(_kernel_state())


def plausible(now: datetime, files: datetime) -> Finding:
    """`files`: when this checkout was written, before which now cannot be."""
    if now >= files:
        return Finding("clock.time", "clock", "ok", f"{now:%Y-%m-%d %H:%M} UTC")
    evidence = f"{now:%Y-%m-%d %H:%M} UTC, before this checkout was written ({files:%Y-%m-%d})"
    return Finding("clock.time", "clock", "fail", evidence, "sudo timedatectl set-ntp true")


def synchronised(state: int | None) -> Finding:
    """`state` as adjtimex(2) returns it; None where the kernel does not tell us."""
    if state is None:
        return Finding("clock.sync", "clock", "ok", "the kernel does not tell (a container's host keeps it)")
    if state == UNSYNCHRONISED:
        evidence = "the kernel's clock is not synchronised: facts may look old or of the future"
        return Finding("clock.sync", "clock", "warn", evidence, "sudo timedatectl set-ntp true")
    return Finding("clock.sync", "clock", "ok", "synchronised")


def _kernel_state() -> int | None:
    libc = ctypes.CDLL(None, use_errno=True)
    state: int = libc.adjtimex(ctypes.create_string_buffer(SIZE))
    return None if state < 0 else state
