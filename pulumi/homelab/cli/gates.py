"""The gates of a host under its ledger: one paragraph each, the number first."""

from collections.abc import Iterable

import typer
from rich.text import Text

from homelab.gates import Gate, refusals
from homelab.planner import HostPlan

REFUSED = 3
"""Exit code of a plan that fits but cannot run on the machine as it was measured."""

STYLES = {"refuse": "bold red", "warn": "yellow", "info": "cyan"}


def shown(gate: Gate) -> Text:
    """`warn disk.etcd · 23.0 ms on sd · etcd wants … (source) → mend`"""
    line = Text(f"{gate.severity:<6} ", style=STYLES[gate.severity])
    line.append(f"{gate.id} · {gate.evidence.value} · {gate.rule} ", style="default")
    line.append(f"({gate.evidence.fact}; {gate.source})", style="dim")
    line.append(f" → {gate.mend}", style="green")
    return line


def end(plans: Iterable[HostPlan]) -> None:
    """Raises typer.Exit where a gate refuses one of what was just shown."""
    if any(refusals(one.facts, one.budget) for one in plans):
        raise typer.Exit(REFUSED)
