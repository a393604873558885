"""The audit itself: Ansible as a child process, its events, and what they mean for each host."""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from homelab.audit.failures import explain
from homelab.errors import AuditFailed, Problem
from homelab.lab import ROOT, Lab

FOLDER = ROOT / "ansible"
PLAYBOOK = "homelab.yml"

EVENT = '{"event": '
"""How a line of the callback plugin `lab_events` begins; whatever else is printed explains a failure."""

KEPT = 200
"""Lines that are kept for that."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the hosts that were asked: whether facts changed (None: not told), or what went wrong."""

    changed: Mapping[str, bool | None]
    problems: tuple[Problem, ...]


def audit(
    lab: Lab,
    hosts: Sequence[str],
    *,
    tags: Sequence[str] = ("hardware_audit",),
    ask_password: bool = False,
    on_task: Callable[[str], None] = lambda _: None,
    playbook: str = PLAYBOOK,
) -> Outcome:
    """Measure `hosts` of the lab; `on_task` hears the name of each step as it begins.

    Raises AuditFailed when Ansible itself could not run. A host that fails does not keep the others back.
    """
    changed: dict[str, bool | None] = {}
    problems: dict[str, Problem] = {}
    said: deque[str] = deque(maxlen=KEPT)
    # A terminal is left to Ansible only where it must ask for a password, which it does on /dev/tty.
    with subprocess.Popen(
        _command(hosts, tags, ask_password, playbook),
        cwd=FOLDER,
        env=_environment(lab) | {"ANSIBLE_STDOUT_CALLBACK": "lab_events"},
        stdin=None if ask_password else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - given by stdout=PIPE
        for line in process.stdout:
            if not line.startswith(EVENT):
                said.append(line.strip())
                continue
            event = json.loads(line)
            if event["event"] == "task":
                on_task(event["task"])
            elif event["event"] == "recap":
                changed |= {host: sums["changed"] > 0 for host, sums in event["hosts"].items()}
            elif event["state"] in ("failed", "unreachable"):
                host = event["host"]
                problems.setdefault(host, explain(host, lab.hosts[host], event["state"], event["message"]))
    if not changed:
        told = next((line for line in said if line.startswith("[ERROR]")), f"status {process.returncode}")
        raise AuditFailed(Problem("ansible-playbook", told, "it must run", "see all of it with --verbose"))
    for host in problems:
        changed.pop(host, None)
    return Outcome(changed, tuple(problems[host] for host in hosts if host in problems))


def reached(lab: Lab, hosts: Sequence[str]) -> Mapping[str, Problem]:
    """Why a host does not let us in, for those that do not. Raises AuditFailed when Ansible could not run."""
    outcome = audit(lab, hosts, tags=("all",), playbook="playbooks/reach.yml")
    away = [host for host in hosts if host not in outcome.changed]
    return dict(zip(away, outcome.problems, strict=True))


def watch(lab: Lab, hosts: Sequence[str], *, tags: Sequence[str], ask_password: bool = False) -> None:
    """The same with all that Ansible says, on standard error. Raises AuditFailed when any host fails."""
    status = subprocess.run(
        [*_command(hosts, tags, ask_password), "--verbose"],
        cwd=FOLDER,
        env=_environment(lab),
        stdin=None if ask_password else subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    ).returncode
    if status:
        raise AuditFailed(Problem("ansible-playbook", f"status {status}", "it says above what is wrong", ""))


def _command(hosts: Sequence[str], tags: Sequence[str], ask_password: bool, playbook: str = PLAYBOOK) -> list[str]:
    argv = [sys.executable, "-m", "ansible", "playbook", playbook, "--limit", ",".join(hosts)]
    return [*argv, "--tags", ",".join(tags), *(["--ask-become-pass"] if ask_password else [])]


def _environment(lab: Lab) -> dict[str, str]:
    """Ansible starts only under a UTF-8 locale and colours on request: neither is left to the person's shell."""
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(FOLDER / "ansible.cfg"),
        "HOMELAB_FILE": str(lab.path),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_FORCE_COLOR": "0",
    }
