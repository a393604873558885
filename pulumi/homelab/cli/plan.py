"""`homelab plan`: the ledger of each host, for people as a table and a bar, for programs as `plan/1`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from homelab.bars import bars
from homelab.budget import Disk, Line, Serving, Vram
from homelab.cli.gates import end, shown
from homelab.cli.hosts import known
from homelab.cli.ledger import ledger
from homelab.cli.output import Json, console, print_json
from homelab.errors import InvalidInput, Problem
from homelab.gates import judge
from homelab.lab import load
from homelab.planner import HostPlan, plan_lab


def plan(
    host: Annotated[str | None, typer.Option(metavar="NAME", help="only this host of lab.yaml")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write it as a page to look at, and to hang up")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print who gets how much memory and CPU on each host, what is left, and which measurements stand against it.

    Everything follows from the measured facts, lab.yaml and the profile; nothing is changed. What cannot fit is
    refused with the whole sum, and exit code 1; what cannot run there as measured, with exit code 3.

    Examples:
      homelab plan
      homelab plan --host desktop --json
      homelab plan --html ledger.html
    """
    lab = load()
    wanted = list(lab.hosts) if host is None else known(lab, [host], "--host")
    chosen = [one for one in plan_lab(lab).hosts if one.name in wanted]
    if html is not None and chosen:
        _write(html, chosen)
    if as_json:
        print_json(document(chosen))
    elif html is None or not chosen:
        _print(chosen, host)
    end(chosen)


def _write(file: Path, chosen: Sequence[HostPlan]) -> None:
    """The page, whole or not at all; where it is on stderr, so that --json stays alone on stdout."""
    from homelab.poster import page

    file = file.expanduser()
    new = file.with_name(f".{file.name}.new")
    try:
        new.write_text(page(chosen), "utf-8")
        new.replace(file)
    except OSError as failure:
        fix = f"mkdir -p {file.parent}" if not file.parent.exists() else "name another file"
        given = (failure.strerror or "cannot be written").lower()
        raise InvalidInput(Problem("--html", str(file), given, fix)) from None
    finally:
        new.unlink(missing_ok=True)
    console("stderr").print(f"{file} · open it in a browser, or print it on A3", soft_wrap=True)


def _print(chosen: Sequence[HostPlan], host: str | None) -> None:
    screen = console()
    for number, one in enumerate(chosen):
        if number:
            screen.print()
        screen.print(ledger(one.budget, one.profile.name, bars(one)))
        for line in map(shown, judge(one.facts, one.budget)):
            screen.print(line)
    if not chosen:
        screen.print(f"nothing is placed on {host or 'any host'}")


def document(hosts: Sequence[HostPlan]) -> dict[str, Any]:
    """`plan/1`: fields may be added, never renamed."""
    return {"schema": "plan/1", "hosts": [_host(one) for one in hosts]}


def _host(one: HostPlan) -> dict[str, Any]:
    return {
        "name": one.name,
        "profile": one.profile.name,
        "total_mib": one.budget.total.value,
        "free_mib": one.budget.free_mib,
        "lines": [_line(line) for line in one.budget.lines],
        "models": [_serving(name, serving) for name, serving in one.budget.servings.items()],
        "vram": None if one.budget.vram is None else _vram(one.budget.vram),
        "disk": _disk(one.budget.disk),
        "settings": {name: spec.settings() for name, spec in one.specs.items()},
        "gates": [asdict(gate) for gate in judge(one.facts, one.budget)],
    }


def _serving(consumer: str, serving: Serving) -> dict[str, Any]:
    setup = serving.fit.setup
    return {
        "consumer": consumer,
        "pool": serving.pool,
        "memory_mib": serving.memory.value,
        "used_mib": setup.mib,
        "context": setup.context,
        "slots": setup.slots,
        "cache": setup.cache,
        "loaded_at_once": setup.at_once,
        "loads": [
            {
                "model": load.model.name,
                "quantization": load.quantization.name,
                "weights_bytes": load.need.weights,
                "cache_bytes": load.need.cache,
                "compute_bytes": load.need.compute,
            }
            for load in setup.loads
        ],
        "next": [{"step": step.what, "needs_mib": step.mib} for step in serving.fit.steps],
    }


def _disk(disk: Disk) -> dict[str, Any]:
    shares = [{"use": use, "gib": share.value} for use, share in disk.shares.items()]
    return {"class": disk.storage_class, "mount": disk.mount, "total_gib": disk.total.value, "lines": shares}


def _vram(vram: Vram) -> dict[str, Any]:
    lines = [{"consumer": name, "limit_mib": share.value} for name, share in vram.shares.items()]
    return {
        "total_mib": vram.total.value,
        "kept_mib": vram.kept.value,
        "free_mib": vram.free_mib,
        "lines": lines,
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "consumer": line.consumer,
        "kind": line.kind,
        "request_mib": line.request.value,
        "limit_mib": line.limit.value,
        "replicas_min": line.replicas_min,
        "replicas_max": line.replicas_max,
        "cpu_request_m": line.cpu_request.value,
        "cpu_limit_m": line.cpu_limit.value,
    }
