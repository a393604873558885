"""Two plans of a host, side by side: what changes, by the names that `explain` knows."""

from collections.abc import Iterator
from dataclasses import dataclass

from homelab.explain import everything
from homelab.situation import HostPlan


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after, as rendered; None where there was or will be none."""

    name: str
    before: str | None
    after: str | None


def differences(before: HostPlan | None, after: HostPlan | None) -> tuple[Change, ...]:
    """Every value that differs, in the order of the plan; all of them where there is but one plan."""
    old, new = _values(before), _values(after)
    names = dict.fromkeys((*old, *new))
    changes = (Change(name, old.get(name), new.get(name)) for name in names)
    return tuple(change for change in changes if change.before != change.after)


def memory(before: HostPlan | None, after: HostPlan | None) -> Iterator[tuple[str, int, int]]:
    """Consumer, MiB in all before and after, of everything that either plan holds; `free` last."""
    old, new = _memory(before), _memory(after)
    for name in dict.fromkeys(name for name in (*old, *new) if name != "free"):
        yield name, old.get(name, 0), new.get(name, 0)
    yield "free", old.get("free", 0), new.get("free", 0)


def _values(plan: HostPlan | None) -> dict[str, str]:
    return {} if plan is None else {one.name: one.text for one in everything(plan)}


def _memory(plan: HostPlan | None) -> dict[str, int]:
    if plan is None:
        return {}
    return {line.consumer: line.total_mib for line in plan.budget.lines} | {"free": plan.budget.free_mib}
