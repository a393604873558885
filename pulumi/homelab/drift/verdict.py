"""Each service's peak against its limit."""

from dataclasses import dataclass
from typing import Literal

from homelab.local.memory import Usage

Verdict = Literal["over", "tight", "fits", "cache", "roomy", "unmeasured", "unlimited"]

TIGHT_PERCENT = 90
"""Percent of the limit above which the next larger document may be the one that is killed."""

ROOMY_PERCENT = 50
"""Percent of the limit below which at least half of it was never used."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`needed_mib` is the most that its processes are known to need; None where nothing is known.

    A cgroup's peak counts page cache, which the kernel takes back before it kills; where that filled the limit,
    what the processes hold now is all that is known (`cache`).
    """

    service: str
    consumer: str
    verdict: Verdict
    peak_mib: int | None
    limit_mib: int | None
    needed_mib: int | None

    @property
    def percent(self) -> int | None:
        """The peak as percent of the limit, rounded up."""
        if self.peak_mib is None or self.limit_mib is None:
            return None
        return -(-self.peak_mib * 100 // self.limit_mib)


def judge(used: Usage) -> Drift:
    verdict, needed = _verdict(used)
    return Drift(used.service, used.consumer, verdict, used.peak_mib, used.limit_mib, needed)


def _verdict(used: Usage) -> tuple[Verdict, int | None]:
    peak, limit = used.peak_mib, used.limit_mib
    if peak is None:
        return "unmeasured", None
    if limit is None:
        return "unlimited", peak
    if used.source == "cgroup" and _reaches(peak, limit, TIGHT_PERCENT):
        verdict: Verdict = "tight" if _reaches(used.rss_mib, limit, TIGHT_PERCENT) else "cache"
        return verdict, used.rss_mib
    if peak > limit:
        return "over", peak
    if _reaches(peak, limit, TIGHT_PERCENT):
        return "tight", peak
    return ("fits", peak) if _reaches(peak, limit, ROOMY_PERCENT) else ("roomy", peak)


def _reaches(part: int, whole: int, percent: int) -> bool:
    return part * 100 >= whole * percent
