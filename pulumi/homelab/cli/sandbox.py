"""`homelab sandbox up|status|down`: a real Kubernetes on this machine."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Literal

import typer
from rich.console import Console

from homelab.cli.output import Json, console, print_json, table
from homelab.sandbox import lifecycle, status
from homelab.sandbox.layout import HOME
from homelab.sandbox.lifecycle import Progress
from homelab.sandbox.owner import own

Nodes = Annotated[
    Literal["1", "3"] | None, typer.Option(help="how many nodes [default: as it was, else 1]", show_default=False)
]


def up(nodes: Nodes = None, as_json: Json = False) -> None:
    """Start a Kubernetes of this machine's own, built from source; it is ready when this returns.

    What runs already is left alone. Everything lies in .sandbox: lab.yaml, kubeconfig, facts, state, logs.
    Needs root, a few packages of the system and, the first time, minutes to build what is pinned.

    Examples:
      homelab sandbox up
      homelab sandbox up --nodes 3
    """
    began = time.monotonic()
    told, screen, report = _reporting(as_json)
    sandbox = lifecycle.up(None if nodes is None else int(nodes), report)
    seconds = time.monotonic() - began
    if as_json:
        parts = [asdict(line) for line in told]
        print_json(
            {
                "schema": "sandbox-up/1",
                "seconds": seconds,
                "lab": str(sandbox.lab),
                "kubeconfig": str(sandbox.kubeconfig),
                "nodes": [node.name for node in sandbox.nodes],
                "parts": parts,
            }
        )
        return
    screen.print(f"ready after {seconds:.1f} s; logs in {sandbox.root / 'machines'}/*/log")
    screen.print(f"  export HOMELAB_FILE={sandbox.lab}", soft_wrap=True)
    screen.print(f"  export KUBECONFIG={sandbox.kubeconfig}", soft_wrap=True)


def show(as_json: Json = False) -> None:
    """Show its machines and nodes, what they use, and each program's state.

    Examples:
      homelab sandbox status
      homelab sandbox status --json
    """
    sandbox = own(HOME)
    machines = status.machines(sandbox) if sandbox else []
    programs = status.programs(sandbox) if sandbox else []
    if as_json:
        print_json(
            {
                "schema": "sandbox-status/1",
                "machines": [asdict(one) for one in machines],
                "programs": [asdict(one) for one in programs],
            }
        )
    elif not any(one.runs for one in machines):
        console().print("no sandbox runs: ./lab sandbox-up")
    else:
        screen = console()
        screen.print(_machines(machines))
        screen.print(_programs(programs))


def down(
    delete_data: Annotated[bool, typer.Option("--delete-data", help="remove .sandbox too")] = False,
    as_json: Json = False,
) -> None:
    """End the sandbox: no process, mount, interface, cgroup or rule stays. Its data does, unless --delete-data.

    Examples:
      homelab sandbox down
      homelab sandbox down --delete-data
    """
    told, screen, report = _reporting(as_json)
    ran = lifecycle.down(report, delete=delete_data)
    if as_json:
        print_json({"schema": "sandbox-down/1", "ran": ran, "parts": [asdict(line) for line in told]})
    elif not ran:
        screen.print("no sandbox ran")


def _reporting(as_json: bool) -> tuple[list[Progress], Console, lifecycle.Report]:
    told: list[Progress] = []
    screen = console("stderr" if as_json else "stdout")

    def report(progress: Progress) -> None:
        told.append(progress)
        screen.print(f"  {progress.part:<16}{progress.did:<10}{progress.seconds:5.1f} s", soft_wrap=True)

    return told, screen, report


def _machines(machines: Sequence[status.MachineState]) -> object:
    numbers = ("memory", "limit", "pods")
    rows = table("machine", "address", "state", *numbers, numbers=numbers)
    for one in machines:
        state = "off" if not one.runs else {None: "runs", True: "ready", False: "not ready"}[one.ready]
        rows.add_row(one.name, one.address, state, *map(_cell, (one.memory_mib, one.limit_mib, one.pods)))
    return rows


def _programs(programs: Sequence[status.ProgramState]) -> object:
    numbers = ("pid", "memory", "restarts")
    rows = table("program", "of", "state", *numbers, numbers=numbers)
    for one in programs:
        rows.add_row(one.program, one.machine, one.state, *map(_cell, (one.pid, one.rss_mib, one.restarts)))
    rows.caption, rows.caption_justify = "memory in MiB", "left"
    return rows


def _cell(number: int | None) -> str:
    return "–" if number is None else str(number)
