"""The line of a profile that sets a limit, and the number that the measured need asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from homelab.budget import Budget
from homelab.drift.verdict import Drift
from homelab.profile import Profile

USED_PERCENT = 80
"""Percent of a new limit that the measured need fills, as requests do of limits: a fifth for what was not seen."""

STEP_MIB = 64
"""Floors are whole steps: finer than any measurement repeats."""


@dataclass(frozen=True, slots=True)
class Change:
    """One number of profiles/<file>.yaml; `key` is the path to it, as `explain` names it."""

    consumer: str
    file: str
    key: str
    old: int
    new: int


def propose(drifts: Iterable[Drift], budget: Budget, profile: Profile) -> tuple[Change, ...]:
    """The changes for what was short, and for a fixed size of which half was never used.

    A share that grows with the host (Postgres, NATS) is never lowered: it is cache, and fills with the data.
    """
    changes: list[Change] = []
    for drift in drifts:
        if drift.needed_mib is None or drift.consumer not in budget:
            continue
        wanted = -(-drift.needed_mib * 100 // (USED_PERCENT * STEP_MIB)) * STEP_MIB
        if drift.verdict in ("over", "tight"):
            changes += _raised(drift.consumer, wanted, budget, profile)
        elif drift.verdict == "roomy":
            changes += _lowered(drift.consumer, wanted, profile)
    return tuple(changes)


def _raised(consumer: str, wanted: int, budget: Budget, profile: Profile) -> list[Change]:
    rule, limit = profile.rules.consumers[consumer], budget.line(consumer).limit.value
    if rule.percent is not None and limit > rule.floor:
        percent = -(-wanted * 100 // budget.total.value)
        if percent > rule.percent:
            return [_change(profile, consumer, "percent", rule.percent, percent)]
    if rule.target is not None and limit >= rule.target:
        return [_change(profile, consumer, "target", rule.target, wanted)]
    changes = [_change(profile, consumer, "floor", rule.floor, wanted)] if wanted > rule.floor else []
    if rule.ceiling is not None and wanted > rule.ceiling:
        changes.append(_change(profile, consumer, "ceiling", rule.ceiling, wanted))
    return changes


def _lowered(consumer: str, wanted: int, profile: Profile) -> list[Change]:
    rule = profile.rules.consumers[consumer]
    fixed = rule.percent is None and rule.target is None and rule.ceiling is None
    return [_change(profile, consumer, "floor", rule.floor, wanted)] if fixed and wanted < rule.floor else []


def _change(profile: Profile, consumer: str, name: str, old: int, new: int) -> Change:
    key = f"consumers.{consumer}.{name}"
    return Change(consumer, profile.files[key], key, old, new)
