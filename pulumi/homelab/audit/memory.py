"""Memory that programs may use: the machine's, or the limit of the cgroup that we live in."""

import re
from dataclasses import dataclass

from homelab.audit.sections import Raw
from homelab.errors import InvalidInput, Problem
from homelab.units import MIB, human_mib


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB, but for `page_size` in bytes."""

    total: int
    available: int
    page_size: int


def memory(raw: Raw) -> Memory:
    """Raises InvalidInput where the kernel does not tell its memory: nothing may be assumed for that."""
    told = {key: int(kib) // 1024 for key, kib in re.findall(r"(?m)^(\w+):\s+(\d+) kB$", raw["meminfo"].text)}
    total = told.get("MemTotal", 0)
    if total < 1:
        raise InvalidInput(
            Problem(
                f"host {raw.host}",
                "/proc/meminfo has no MemTotal",
                "a budget needs the measured memory",
                "audit a Linux host",
            )
        )
    available = told.get("MemAvailable")
    if available is None:
        available = raw.warn("meminfo", "MemAvailable is missing", told.get("MemFree", 0))
    for limit, usage in _limits(raw):
        if limit < total:
            total = raw.warn("cgroup-limits", f"a cgroup limits memory of {human_mib(total)}", max(limit, 1))
        available = min(available, max(limit - usage, 0))
    return Memory(total, min(available, total), _page_size(raw))


def _limits(raw: Raw) -> list[tuple[int, int]]:
    """(limit, usage) in MiB of each cgroup above us that has a limit, the tightest first.

    Version 1 writes "no limit" as a number near 2^63 and version 2 as `max`.
    """
    rows = [line.split() for line in raw["cgroup-limits"].text.splitlines()]
    numbers = [
        (int(row[1]) // MIB, int(row[2]) // MIB)
        for row in rows
        if row[0] == "memory" and len(row) == 3 and row[1].isdecimal() and row[2].isdecimal()
    ]
    return sorted(pair for pair in numbers if pair[0] < 2**62 // MIB)


def _page_size(raw: Raw) -> int:
    if raw["pagesize"].line().isdecimal():
        return int(raw["pagesize"].line())
    if found := re.fullmatch(r"KernelPageSize:\s+(\d+) kB", raw["smaps"].line()):
        return int(found[1]) * 1024
    return raw.warn("pagesize", "neither getconf nor /proc/self/smaps tells the page size", 4096)
