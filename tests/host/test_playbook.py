"""The playbook, really run by Ansible: on this machine, and on recorded ones as if this were they."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from collector import HOSTS, RAW, ROOT

from homelab.facts import load

FILES = (
    "cpu_capabilities.json",
    "gpu_info.json",
    "homelab.fact",
    "network_profile.json",
    "storage_performance.json",
)

# Instead of fio: says what it was asked, leaves a file as fio would, and answers as fio 3.33 does.
FIO = """#!/bin/sh
[ "$1" = --version ] && echo fio-3.33 && exit
echo "$@" >>'{log}'
for word; do
    case $word in --directory=*) touch "${{word#*=}}/data" ;; esac
done
echo '{answer}'
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab of one machine, this one, in a folder with a space."""
    folder = tmp_path / "my lab"
    folder.mkdir()
    (folder / "lab.yaml").write_text("version: 1\nhosts:\n  here:\n    address: local\n")
    return folder


def play(lab: Path, *arguments: str, succeeds: bool = True, path: str = "") -> dict[str, Any]:
    """Run homelab.yml, with `path` before PATH; returns the recap of each host."""
    ended = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "homelab.yml", *arguments],
        cwd=ROOT / "ansible",
        env=os.environ
        | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible/ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "lab_events",
            "HOMELAB_FILE": str(lab / "lab.yaml"),
            "LC_ALL": "C.UTF-8",
            "PATH": path + os.environ["PATH"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (ended.returncode == 0) is succeeds, ended.stdout + ended.stderr
    recap: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return recap["hosts"]


def contents(lab: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (lab / ".lab/facts.d").iterdir()}


def as_if_on(machine: str) -> str:
    return f"--extra-vars=hardware_audit_root='{RAW / machine}'"


def test_a_second_run_changes_nothing_and_a_damaged_file_is_mended(lab: Path) -> None:
    first = play(lab, "--tags", "hardware_audit")
    assert first["here"] == {"ok": 6, "changed": 2, "failures": 0, "unreachable": 0}
    assert load(lab / "facts/here.json").host == "here"
    written = contents(lab)
    assert sorted(written) == sorted(FILES)

    assert play(lab, "--tags", "hardware_audit")["here"]["changed"] == 0
    assert contents(lab) == written

    (lab / ".lab/facts.d/gpu_info.json").write_text("{")
    assert play(lab)["here"]["changed"] == 1
    assert contents(lab) == written


def test_the_host_keeps_five_files_of_json_with_what_the_controller_has(lab: Path) -> None:
    (lab / "facts").mkdir()
    (lab / "facts/here.json").write_text("damaged")
    play(lab, as_if_on("jetson-orin-64g"))
    document = json.loads((lab / "facts/here.json").read_text())
    recorded = json.loads((HOSTS / "jetson-orin-64g.json").read_text())
    for part in ("cpu_capabilities", "gpu_info", "storage_performance", "network_profile", "warnings"):
        assert document[part] == recorded[part]
    kept = {name: json.loads(text) for name, text in contents(lab).items()}
    assert kept["gpu_info.json"]["gpu_vram_mb"] == 62841
    assert kept["homelab.fact"]["warnings"] == []
    assert kept["homelab.fact"]["total_ram_mb"] == 62841
    assert kept["storage_performance.json"] == recorded["storage_performance"]


def test_home_assistant_os_keeps_its_facts_on_the_controller_only(lab: Path) -> None:
    (lab / "lab.yaml").write_text("version: 1\nhosts:\n  yellow:\n    address: local\n    system: haos\n")
    play(lab, as_if_on("yellow-cm4-4g"))
    assert load(lab / "facts/yellow.json").homelab.os_release == "Home Assistant OS 16.2"
    assert not (lab / ".lab").exists()


def test_a_dry_run_writes_nothing(lab: Path) -> None:
    assert play(lab, "--check", as_if_on("pi5-8g"))["here"]["changed"] == 2
    assert sorted(path.name for path in lab.iterdir()) == ["lab.yaml"]


def test_a_host_without_memory_fails_and_writes_nothing(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    root = f"--extra-vars=hardware_audit_root={tmp_path / 'empty'}"
    assert play(lab, root, succeeds=False)["here"]["failures"] == 1
    assert sorted(path.name for path in lab.iterdir()) == ["lab.yaml"]


def test_a_benchmark_runs_only_when_asked_leaves_no_file_and_is_kept_by_later_audits(
    lab: Path, tmp_path: Path
) -> None:
    """fio itself is replaced: it says which file it was given, and what fio 3.33 would."""
    jobs = {
        "sequential-write": {"write": {"bw_bytes": 412300000}},
        "sequential-read": {"read": {"bw_bytes": 521700000}},
        "random-read": {"read": {"bw_bytes": 368640000, "iops": 90000.4}},
        "random-write": {"write": {"bw_bytes": 327680000, "iops": 80000.6}},
        "fsync": {"sync": {"lat_ns": {"percentile": {"99.000000": 1187840}}}},
    }
    answer = json.dumps({"jobs": [{"jobname": name} | job for name, job in jobs.items()]})
    fio = tmp_path / "bin/fio"
    fio.parent.mkdir()
    fio.write_text(FIO.format(log=tmp_path / "asked", answer=answer))
    fio.chmod(0o755)
    path = f"{fio.parent}:"
    play(lab, path=path)
    assert not (tmp_path / "asked").exists()

    play(lab, "--tags", "storage_benchmark", path=path)
    asked = (tmp_path / "asked").read_text().split()
    assert f"--directory={lab}/.lab/.homelab-benchmark." in " ".join(asked)
    (size,) = [word for word in asked if word.startswith("--size=")]
    assert 64 <= int(size.removeprefix("--size=").removesuffix("M")) <= 1024
    assert sorted(found.name for found in (lab / ".lab").iterdir()) == ["facts.d"]

    assert play(lab, path=path)["here"]["changed"] == 0
    mount = load(lab / "facts/here.json").storage.mount_of(lab)
    assert mount is not None
    assert mount.benchmark is not None
    assert (mount.benchmark.random_read_iops, mount.benchmark.fsync_p99_us) == (90000, 1188)
