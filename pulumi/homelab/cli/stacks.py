"""`homelab stack preview|up|down`: one phase of the platform on the cluster of lab.yaml, by Pulumi."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

import typer

from homelab import sops
from homelab.cli.output import Json, console, print_json
from homelab.engine import Engine, Summary
from homelab.errors import BudgetExceeded, DeployRefused, HomelabError, Problem
from homelab.guards import Record, Records, fingerprint
from homelab.guards.context import cluster_of, contexts, right_context
from homelab.guards.phases import built_on, built_upon
from homelab.guards.switches import agreed, confirmation, control_plane
from homelab.lab import Lab, load
from homelab.phases.table import PHASES
from homelab.planner import plan_lab


def _known(stack: str) -> str:
    if stack not in PHASES:
        raise typer.BadParameter(f"the stacks are {', '.join(PHASES)}")
    return stack


Stack = Annotated[str, typer.Option(metavar="S", callback=_known, help=f"one of {', '.join(PHASES)}")]
Diff = Annotated[bool, typer.Option("--diff", help="show every changed field")]
Target = Annotated[list[str] | None, typer.Option(metavar="URN", help="this resource alone; may be repeated")]
Flags = Annotated[list[str] | None, typer.Argument(metavar="[-- FLAG…]", help="further flags for pulumi")]


def preview(
    stack: Stack, diff: Diff = False, target: Target = None, flags: Flags = None, as_json: Json = False
) -> None:
    """Show what `up` would change; nothing is changed.

    Examples:
      homelab stack preview --stack phase1-core --diff
    """
    lab = load()
    cluster = cluster_of(lab)
    _, stale = _planned(lab)
    _refuse(stale, right_context(cluster, contexts(cluster)))
    _tell(_engine(lab).preview(stack, _flags(diff, target, flags), as_json=as_json), as_json, "would change")


def up(
    stack: Stack, diff: Diff = False, target: Target = None, flags: Flags = None, as_json: Json = False
) -> None:
    """Deploy a phase, or what has changed of it; then it waits to be validated.

    Asks before it begins, on a terminal; elsewhere DEPLOY_CONFIRM=yes answers. A run that was killed is mended
    first. Returns once everything is applied: `./lab validate` waits until it works.

    Examples:
      HOMELAB=1 homelab stack up --stack phase1-core
      HOMELAB=1 DEPLOY_CONFIRM=yes homelab stack up --stack phase1-core --json
    """
    lab = load()
    cluster = cluster_of(lab)
    plan, stale = _planned(lab)
    right = list(right_context(cluster, contexts(cluster)))
    records = None if right else Records(cluster)
    needed = _kept(records, lambda kept: () if plan is None else built_on(stack, kept, plan))
    _refuse(_switches(), stale, right, needed)
    assert records is not None  # noqa: S101 - without it the context was refused
    engine = _engine(lab)
    records.take_away(stack)
    summary = engine.up(stack, _flags(diff, target, flags), agreed=agreed(os.environ), as_json=as_json)
    _tell(summary, as_json, "changed")


def down(stack: Stack, target: Target = None, flags: Flags = None, as_json: Json = False) -> None:
    """Delete what a phase deployed; its volumes and the namespace stay, and the next `up` adopts them.

    Examples:
      HOMELAB=1 homelab stack down --stack phase2-pipeline
    """
    lab = load()
    cluster = cluster_of(lab)
    right = list(right_context(cluster, contexts(cluster)))
    records = None if right else Records(cluster)
    later = _kept(records, lambda kept: built_upon(stack, kept))
    _refuse(_switches(), right, later)
    assert records is not None  # noqa: S101 - without it the context was refused
    engine = _engine(lab)
    records.take_away(stack)
    summary = engine.down(stack, _flags(False, target, flags), agreed=agreed(os.environ), as_json=as_json)
    _tell(summary, as_json, "changed")


def _engine(lab: Lab) -> Engine:
    screen = console("stderr")
    passphrase = sops.read_all(lab, ["pulumi"])["pulumi"]["passphrase"]
    return Engine(lab, passphrase, lambda line: screen.print(line, soft_wrap=True))


def _planned(lab: Lab) -> tuple[str | None, tuple[Problem, ...]]:
    """The fingerprint, or what is wrong with the facts. Raises BudgetExceeded, which has more to tell."""
    try:
        return fingerprint(plan_lab(lab).hosts), ()
    except BudgetExceeded:
        raise
    except HomelabError as error:
        return None, error.problems


def _kept(records: Records | None, check: Callable[[Mapping[str, Record]], Iterable[Problem]]) -> list[Problem]:
    """What `check` says of the records of validated phases, or why they cannot be read."""
    if records is None:
        return []
    try:
        return list(check(records.read()))
    except DeployRefused as refusal:
        return list(refusal.problems)


def _switches() -> list[Problem]:
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return [*control_plane(os.environ), *confirmation(os.environ, terminal=terminal)]


def _refuse(*found: Iterable[Problem]) -> None:
    problems = [problem for some in found for problem in some]
    if problems:
        raise DeployRefused(*problems)


def _flags(diff: bool, target: list[str] | None, more: list[str] | None) -> list[str]:
    targets = [word for urn in target or () for word in ("--target", urn)]
    return [*(("--diff",) if diff else ()), *targets, *(more or ())]


def _tell(summary: Summary, as_json: bool, verb: str) -> None:
    if as_json:
        print_json(summary.as_json())
    else:
        same = summary.changes.get("same", 0)
        seconds = f"{summary.seconds:.1f} s"
        console().print(f"{summary.stack}: {summary.changed} {verb}, {same} as they were, {seconds}")
