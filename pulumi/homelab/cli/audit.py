"""`homelab audit`: measure the hosts, keep their facts, and show in short what was found."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from homelab.audit import run
from homelab.cli.hosts import known
from homelab.cli.output import Json, console, print_json, table
from homelab.errors import AuditFailed
from homelab.facts import Facts
from homelab.facts import load as load_facts
from homelab.lab import load
from homelab.units import GIB, human_mib


def audit(
    limit: Annotated[str | None, typer.Option(metavar="HOST[,HOST]", help="only these hosts of lab.yaml")] = None,
    storage_benchmark: Annotated[
        bool, typer.Option("--storage-benchmark", help="write and read on the disks")
    ] = False,
    network_benchmark: Annotated[
        bool, typer.Option("--network-benchmark", help="measure the ways between hosts")
    ] = False,
    ask_become_pass: Annotated[bool, typer.Option("--ask-become-pass", help="ask for sudo's password")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="show all that Ansible says")] = False,
    as_json: Json = False,
) -> None:
    """Measure the hosts of lab.yaml by Ansible and keep what was found as facts/HOST.json.

    A second audit within a day changes nothing unless the machine has. Benchmarks run only when asked for: fio
    writes at most 1 GiB, or 5 % of the free space, on each disk and removes it again.

    Examples:
      homelab audit
      homelab audit --limit nas,jetson --storage-benchmark
    """
    lab = load()
    hosts = list(lab.hosts)
    if limit is not None:
        hosts = known(lab, [name.strip() for name in limit.split(",")], "--limit")
    tags = ["hardware_audit"]
    tags += ["storage_benchmark"] * storage_benchmark + ["network_benchmark"] * network_benchmark
    if verbose:
        run.watch(lab, hosts, tags=tags, ask_password=ask_become_pass)
        outcome = run.Outcome(dict.fromkeys(hosts), ())
    else:
        with console("stderr").status(f"auditing {', '.join(hosts)}") as status:
            outcome = run.audit(lab, hosts, tags=tags, ask_password=ask_become_pass, on_task=status.update)
    documents = [load_facts(lab.facts_dir / f"{host}.json") for host in outcome.changed]
    if not as_json:
        show(documents, console())
    elif not outcome.problems:
        print_json(
            {
                "schema": "audit/1",
                "hosts": [
                    {
                        "name": facts.host,
                        "changed": outcome.changed[facts.host],
                        "facts": str(lab.facts_dir / f"{facts.host}.json"),
                        "warnings": [warning.model_dump() for warning in facts.warnings],
                    }
                    for facts in documents
                ],
            }
        )
    if outcome.problems:
        raise AuditFailed(*outcome.problems)


def show(documents: Sequence[Facts], screen: Console) -> None:
    """A row for each host, then what could not be measured and what is assumed instead."""
    if not documents:
        return
    rows = table("host", "memory", "cores", "machine", "GPU", "disk", numbers=("memory", "cores"))
    for facts in documents:
        measured = facts.homelab
        rows.add_row(
            facts.host,
            human_mib(measured.total_ram_mb),
            str(measured.cpu_cores),
            f"{measured.model or facts.cpu.cpu_model}, {measured.architecture}",
            _gpu(facts),
            _disk(facts),
        )
    screen.print(rows)
    for facts in documents:
        for warning in facts.warnings:
            instead = "" if warning.default is None else f" → assumed {warning.default}"
            screen.print(f"{facts.host}: {warning.message}{instead}", soft_wrap=True)


def _gpu(facts: Facts) -> str:
    if not facts.gpu.gpu_vram_mb:
        return ", ".join(facts.gpu.accelerators) or "–"
    size = "shared" if facts.homelab.unified_memory else human_mib(facts.gpu.gpu_vram_mb)
    return ", ".join((f"{facts.gpu.gpu_name}, {size}", *facts.gpu.accelerators))


def _disk(facts: Facts) -> str:
    """The roomiest file system, which is where data will go unless lab.yaml says otherwise."""
    mounts = [mount for mount in facts.storage.mounts if not mount.read_only]
    if not mounts:
        return "–"
    mount = max(mounts, key=lambda mount: mount.free_bytes)
    free, size = mount.free_bytes / GIB, mount.size_bytes / GIB
    speed = f", {mount.benchmark.random_read_iops} read IOPS" if mount.benchmark else ""
    return f"{mount.storage_class} {mount.path}: {free:.0f} of {size:.0f} GiB free{speed}"
