"""What services really used beside their limits, and the profile that would follow. Nothing is applied."""

from homelab.drift.check import replanned
from homelab.drift.patch import diff, patched
from homelab.drift.propose import Change, propose
from homelab.drift.verdict import Drift, Verdict, judge

__all__ = ["Change", "Drift", "Verdict", "diff", "judge", "patched", "propose", "replanned"]
