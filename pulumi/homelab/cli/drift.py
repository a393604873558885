"""`homelab drift`: measured peaks beside the plan, and the profile that they ask for as a diff."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby

from homelab import profile
from homelab.cli.output import Json, console, print_json, table
from homelab.cli.running import START_IT
from homelab.drift import Change, Drift, diff, judge, patched, propose, replanned
from homelab.errors import BudgetExceeded, LocalError, Problem
from homelab.lab import Lab, load
from homelab.local import memory, supervisord
from homelab.local.folders import Folders
from homelab.planner import HostPlan, plan_lab

NUMBERS = ("peak", "limit", "used")
NOTE = (
    "Memory in MiB, peaks since ./lab local-up: what a light day left unused, a busy one may need.\n"
    "cache: page cache filled the limit, the processes need less.\n"
)


def drift(as_json: Json = False) -> None:
    """Compare what each service used at most with its limit, and propose the profile that follows as a diff.

    Nothing is applied: `homelab drift --json` has the diff as text for `git apply`. Peaks are of the platform
    that runs now, so let it do a day's work first.

    Examples:
      homelab drift
      homelab drift --json
    """
    lab = load()
    folders = Folders(lab.local.data_dir)
    if not supervisord.is_running(folders):
        given = "it does not run, so nothing is measured"
        raise LocalError(Problem(f"local platform in {folders.data}", given, "", START_IT))
    one = _here(lab)
    drifts = tuple(judge(used) for used in memory.usage(folders))
    changes = propose(drifts, one.budget, one.profile)
    patch, refusal = _patch_and_refusal(lab, one, changes)
    if as_json:
        print_json(document(one, drifts, changes, patch, refusal))
        return
    screen = console()
    screen.print(shown(drifts))
    screen.print(NOTE)
    screen.print(patch or "no change of a profile follows", markup=False, soft_wrap=True)
    if refusal:
        screen.print(f"{one.name} cannot hold that: {refusal}", markup=False)


def _here(lab: Lab) -> HostPlan:
    name = next((name for name, host in lab.hosts.items() if host.local and host.placed), None)
    if name is None:
        rule = "peaks are compared with the plan of the host with address: local"
        raise LocalError(Problem(f"hosts in {lab.path.name}", "none is local", rule, "add one"))
    return plan_lab(lab).host(name)


def _patch_and_refusal(lab: Lab, one: HostPlan, changes: Sequence[Change]) -> tuple[str, str]:
    """One diff over all the profiles that change, and why the host could not hold it; empty where it can."""
    texts, parts = {}, []
    for name, own in groupby(sorted(changes, key=lambda change: change.file), lambda change: change.file):
        text = (profile.PROFILES / f"{name}.yaml").read_text("utf-8")
        texts[name] = patched(text, own)
        parts.append(diff(name, text, texts[name]))
    try:
        placed = lab.hosts[one.name].placed
        replanned(one.facts, placed, one.profile.name, texts, str(lab.local.data_dir))
    except BudgetExceeded as refusal:
        return "".join(parts), f"{refusal.wanted_mib} of {refusal.total_mib} MiB of {refusal.resource}"
    return "".join(parts), ""


def document(
    one: HostPlan, drifts: Sequence[Drift], changes: Sequence[Change], patch: str, refusal: str
) -> dict[str, object]:
    """`drift/1`; `refusal` is empty where the host holds the changed profile."""
    services = [asdict(drift) | {"percent": drift.percent} for drift in drifts]
    return {
        "schema": "drift/1",
        "host": one.name,
        "profile": one.profile.name,
        "services": services,
        "changes": [asdict(change) for change in changes],
        "diff": patch,
        "refusal": refusal,
    }


def shown(drifts: Sequence[Drift]) -> object:
    """A row for each service; MiB."""
    rows = table("service", "verdict", *NUMBERS, numbers=NUMBERS)
    for one in drifts:
        used = "–" if one.percent is None else f"{one.percent} %"
        cells = ("–" if cell is None else str(cell) for cell in (one.peak_mib, one.limit_mib))
        rows.add_row(one.service, one.verdict, *cells, used)
    return rows
