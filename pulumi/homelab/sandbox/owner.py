"""Whose sandbox runs on this machine: there is one, and another checkout's is not ours to show, fill or end."""

from pathlib import Path

from homelab.errors import Problem, SandboxError
from homelab.sandbox import boot, cgroups
from homelab.sandbox.checks import root_only
from homelab.sandbox.layout import Sandbox, existing


def own(root: Path) -> Sandbox | None:
    """The sandbox whose folders lie in `root`, if one was made.

    Raises SandboxError while another one runs, or for an ordinary user while any does.
    """
    known = existing(root)
    if not cgroups.processes():
        return known
    root_only("sandbox-status")
    if boot.abandoned():
        raise SandboxError(Problem("sandbox", "one runs whose folder was removed", "", "./lab sandbox-down"))
    if known is None or not all(map(boot.is_of, known.machines)):
        rule = "there is one on a machine: its addresses have fixed names"
        raise SandboxError(Problem("sandbox", "another checkout's runs", rule, "./lab sandbox-down there"))
    return known


def of_lab(lab: Path) -> Sandbox | None:
    """The sandbox that made this lab.yaml; None for a lab of a person's own machines."""
    path = lab.resolve()
    known = existing(path.parent)
    return known if known is not None and path == known.lab else None
