"""`homelab local up|status|down`: the platform as processes of this machine."""

import signal
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from homelab.cli.output import Json, console, print_json, table
from homelab.lab import load
from homelab.local import memory, runtime, supervisord
from homelab.local.folders import Folders
from homelab.local.memory import Usage
from homelab.local.runtime import Progress


def up(
    foreground: Annotated[bool, typer.Option(help="stay until Ctrl-C, then stop everything")] = False,
    as_json: Json = False,
) -> None:
    """Start the platform inside its plan; it is ready when this returns.

    What runs already is left alone, what changed since is restarted. Ctrl-C while it starts stops everything
    again. Data, logs and secrets lie in `local.data_dir` of lab.yaml.

    Examples:
      homelab local up
      homelab local up --foreground
    """
    from homelab.local.table import here

    began = time.monotonic()
    platform = here(load())
    told: list[Progress] = []
    screen = console("stderr" if as_json else "stdout")

    def report(progress: Progress) -> None:
        told.append(progress)
        _say(progress, screen)

    runtime.up(platform.folders, platform.services, report)
    seconds = time.monotonic() - began
    if as_json:
        lines = [asdict(line) for line in told]
        print_json({"schema": "local-up/1", "seconds": seconds, "objects": platform.objects, "services": lines})
    else:
        screen.print(f"objects in {platform.objects}\nready after {seconds:.1f} s; logs in {platform.folders.log}")
    if foreground:
        _stay(platform.folders, screen)


def status(as_json: Json = False) -> None:
    """Show each service: state, memory now and at its peak beside its limit, restarts.

    Examples:
      homelab local status
      homelab local status --json
    """
    folders = Folders(load().local.data_dir)
    usages = memory.usage(folders)
    if as_json:
        print_json({"schema": "local-status/1", "services": memory.as_json(usages)})
    elif usages:
        console().print(usage_table(usages))
    else:
        console().print(f"nothing runs in {folders.data}")


def down(as_json: Json = False) -> None:
    """Stop the platform, in reverse order, and whatever a crash left behind; data stays.

    Examples:
      homelab local down
    """
    folders = Folders(load().local.data_dir)
    told: list[Progress] = []
    screen = console("stderr" if as_json else "stdout")

    def report(progress: Progress) -> None:
        told.append(progress)
        _say(progress, screen)

    ran = runtime.down(folders, report)
    if as_json:
        print_json({"schema": "local-down/1", "ran": ran, "services": [asdict(line) for line in told]})
    elif not ran:
        screen.print(f"nothing ran in {folders.data}")


def usage_table(usages: Sequence[Usage]) -> object:
    """Plan beside measurement, for people; MiB."""
    numbers = ("pid", "now", "peak", "limit", "restarts")
    rows = table("service", "state", *numbers, "measured", numbers=numbers)
    for one in usages:
        cells = (one.pid, one.rss_mib, one.peak_mib, one.limit_mib, one.restarts)
        by = "by the kernel" if one.source == "cgroup" else "by samples"
        rows.add_row(one.service, one.state, *("–" if cell is None else str(cell) for cell in cells), by)
    rows.caption = "memory in MiB"
    rows.caption_justify = "left"
    return rows


def _say(progress: Progress, screen: Console) -> None:
    screen.print(f"  {progress.service:<16}{progress.did:<8}{progress.seconds:5.1f} s")


def _stay(folders: Folders, screen: Console) -> None:
    """Until supervisord ends, or SIGINT or SIGTERM, which stop it."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    with supervisord.connect(folders) as supervisor:
        pid = supervisor.pid()
    try:
        supervisord.wait_gone(pid, seconds=None)
    finally:
        runtime.down(folders, lambda progress: _say(progress, screen))
