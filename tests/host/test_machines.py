"""What the audit finds on machines of every kind, from their raw outputs."""

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from collector import HOSTS, RAW, collect

from homelab.audit.document import measure
from homelab.audit.files import text
from homelab.errors import InvalidInput

MACHINES = sorted(path.name for path in RAW.iterdir() if path.is_dir())
"""The recorded hosts with raw outputs; the others were composed as facts."""
SHELLS = [shell for shell in ("dash", "bash --posix", "ksh", "busybox sh") if shutil.which(shell.split()[0])]
AUDITED = datetime(2026, 11, 21, 8, tzinfo=UTC)


def found(machine: str, output: str) -> Any:
    kind = "haos" if machine.startswith("yellow") else "linux"
    return json.loads(text(measure(machine, output, kind=kind, now=AUDITED)))


def expected(machine: str) -> Any:
    return json.loads((HOSTS / f"{machine}.json").read_text("utf-8"))


@pytest.mark.parametrize("machine", MACHINES)
def test_the_audit_finds_what_a_person_reads_in_the_raw_outputs(machine: str) -> None:
    assert found(machine, collect(RAW / machine)) == expected(machine)


def test_every_recorded_root_says_where_it_comes_from() -> None:
    roots = {path.name: (path / "origin").read_text() for path in RAW.iterdir() if path.is_dir()}
    assert roots.keys() <= {path.stem for path in HOSTS.glob("*.json")}
    assert all(origin.startswith(("measured: ", "composed: ")) for origin in roots.values())


def test_a_shell_with_sed_tr_and_cat_is_all_that_the_collector_wants(tmp_path: Path) -> None:
    for name in ("sh", "sed", "tr", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    # The script appends the system's folders to PATH; a fake root keeps it from running what is there.
    assert found("yellow-cm4-4g", collect(RAW / "yellow-cm4-4g", {"PATH": str(tmp_path)})) == expected(
        "yellow-cm4-4g"
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_that_is_here_reads_the_same(shell: str) -> None:
    assert found("pi5-8g", collect(RAW / "pi5-8g", by=shell)) == expected("pi5-8g")


def test_a_terminal_and_a_banner_in_between_change_nothing() -> None:
    output = "Welcome to Raspberry Pi OS\r\n" + collect(RAW / "pi5-8g").replace("\n", "\r\n")
    assert found("pi5-8g", output) == expected("pi5-8g")


@pytest.mark.parametrize("shell", ["sh", "env -u LC_ALL sh"])
def test_commands_answer_in_the_language_of_programs_whatever_the_persons_is(shell: str, tmp_path: Path) -> None:
    """Both stand-ins print a decimal comma, or other words, unless the locale is C."""
    for name, plain, local in (
        ("nproc", "6", "6,0"),
        ("nvidia-smi", "NVIDIA T4, 15360, 570.153.02, 7.5", "NVIDIA T4, 15360,00, 570.153.02, 7,5"),
    ):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\n[ "$LC_ALL" = C ] && echo "{plain}" || echo "{local}"\n')
        program.chmod(0o755)
    german = {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "LANGUAGE": "de"}
    output = collect(env=german | {"PATH": f"{tmp_path}:/usr/bin:/bin"}, by=shell)
    facts = measure("desktop", output, kind="linux", now=AUDITED)
    assert facts.gpu.gpu_vram_mb == 15360
    assert facts.gpu.compute_capability == "7.5"
    assert "|6\n" in output


def test_graphics_are_found_on_the_pci_bus_without_pciutils(tmp_path: Path) -> None:
    shutil.copytree(RAW / "mini-pc-8g", tmp_path / "root")
    (tmp_path / "root/commands/lspci").unlink()
    card = tmp_path / "root/sys/bus/pci/devices/0000:00:02.0"
    card.mkdir(parents=True)
    for name, value in (("class", "0x030000"), ("vendor", "0x8086"), ("device", "0x3185")):
        (card / name).write_text(value + "\n")
    assert found("mini-pc-8g", collect(tmp_path / "root")) == expected("mini-pc-8g")


def test_what_no_probe_tells_becomes_a_careful_default_and_a_warning(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal:        2048000 kB\n")
    document = found("bare", collect(tmp_path))
    assert document["homelab"]["cpu_cores"] == 1
    assert document["homelab"]["available_ram_mb"] == 0
    assert document["homelab"]["memory_cgroup"] is False
    assert [(warning["probe"], warning["default"]) for warning in document["warnings"]] == [
        ("meminfo", 0),
        ("pagesize", 4096),
        ("uname", "unknown"),
        ("os-release", "unknown"),
        ("mounts", None),
        ("machine-id", None),
        ("boot-id", None),
        ("uname", "unknown"),
        ("nproc", 1),
        ("cpuinfo", "none"),
        ("cpuinfo", "unknown"),
        ("df", "no mounts"),
    ]


def test_memory_is_never_assumed(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="host nas · /proc/meminfo has no MemTotal"):
        measure("nas", collect(tmp_path), kind="linux", now=AUDITED)


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ("", "no output of the collector"),
        ("#section uname 0\n|Linux\n#section nproc 0\n|4", "its output ends after uname"),
    ],
)
def test_half_an_answer_is_none(output: str, given: str) -> None:
    with pytest.raises(InvalidInput, match=f"host nas · {given} · a whole output ends in #end"):
        measure("nas", output, kind="linux", now=AUDITED)


def test_this_very_machine_can_be_measured() -> None:
    output = collect(env={"OMP_NUM_THREADS": "1"})
    assert f"#section nproc 0\n|{len(os.sched_getaffinity(0))}\n" in output
    facts = measure("here", output, kind="linux", now=AUDITED)
    kernel = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    assert 0 < facts.homelab.total_ram_mb <= int(kernel["MemTotal"].split()[0]) // 1024
    assert facts.storage.mount_of(Path.cwd().as_posix()) is not None
