"""The lab as it is and as it would be: each host's limits and settings before and after."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from homelab.cli.gates import shown
from homelab.cli.output import table
from homelab.cli.serving import servings
from homelab.difference import Change, differences, memory
from homelab.errors import BudgetExceeded
from homelab.gates import judge
from homelab.plan_json import document
from homelab.planner import HostPlan
from homelab.units import human_mib

Plans = Mapping[str, HostPlan]

IN_THE_LEDGER = (".limit", ".request")
"""Values that the table of memory shows already. It also shows who comes and goes, whose settings all do."""


def comparison(
    before: Plans, after: Plans, refusal: BudgetExceeded | None, homeless: Sequence[str]
) -> RenderableType:
    """One block for each host that changes, a line for the others, the gates under it; `refusal` is of the lab as
    it is."""
    parts: list[RenderableType] = []
    if refusal is not None:
        missing = refusal.wanted_mib - refusal.total_mib
        said = f"Today {refusal.host} is refused: {missing} MiB of {refusal.resource} are missing."
        parts += [Text(said, style="bold"), Text()]
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        changes = differences(old, new)
        parts += _host(name, old, new, changes) if changes else [Text(f"{name} · nothing changes")]
        parts += _gates(old, new)
        parts.append(Text())
    if homeless:
        parts.append(Text(f"Runs nowhere then: {', '.join(homeless)}", style="bold"))
    return Group(*parts[: None if homeless else -1])


def _host(
    name: str, old: HostPlan | None, new: HostPlan | None, changes: Sequence[Change]
) -> list[RenderableType]:
    sizes = _arrow(*(None if plan is None else human_mib(plan.budget.total.value) for plan in (old, new)))
    profiles = _arrow(*(None if plan is None else plan.profile.name for plan in (old, new)))
    title = Text(name, style="bold").append(f" · {sizes} · profile {profiles}", style="not bold")
    rows = table("MiB in all", "before", "after", "change", numbers=("before", "after", "change"))
    for consumer, was, then in memory(old, new):
        if was != then:
            rows.add_row(consumer, str(was or "–"), str(then or "–"), f"{then - was:+}")
    parts: list[RenderableType] = [title, rows]
    settings = table("setting", "before", "after", numbers=("before", "after"))
    for change in changes:
        both = change.before is not None and change.after is not None
        if both and not change.name.endswith(IN_THE_LEDGER):
            settings.add_row(change.name, change.before, change.after)
    if settings.row_count:
        parts.append(settings)
    if new is not None and (old is None or old.budget.servings != new.budget.servings):
        parts += servings(new.budget)
    return parts


def _gates(old: HostPlan | None, new: HostPlan | None) -> list[RenderableType]:
    """What will not run there, and the warnings that the change brings."""
    if new is None:
        return []
    known = set() if old is None else set(judge(old.facts, old.budget))
    found = [gate for gate in judge(new.facts, new.budget) if gate.severity == "refuse" or gate not in known]
    return [shown(gate) for gate in found if gate.severity != "info"]


def _arrow(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return f"{after} (new)" if before is None else f"{before} (gone)"
    return before if before == after else f"{before} → {after}"


def comparison_document(
    before: Plans, after: Plans, refusal: BudgetExceeded | None, homeless: Sequence[str]
) -> dict[str, Any]:
    """`diff/1`: both plans, and what differs between them; `before` is `refusal/1` of a lab that does not fit."""
    changes = [
        {"host": name, "name": change.name, "before": change.before, "after": change.after}
        for name in dict.fromkeys((*before, *after))
        for change in differences(before.get(name), after.get(name))
    ]
    return {
        "schema": "diff/1",
        "before": document(list(before.values())) if refusal is None else refusal.as_json(),
        "after": document(list(after.values())),
        "changes": changes,
        "runs_nowhere": list(homeless),
    }
