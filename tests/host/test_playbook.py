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


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A lab of one machine, this one, in a folder with a space."""
    folder = tmp_path / "my lab"
    folder.mkdir()
    (folder / "lab.yaml").write_text("version: 1\nhosts:\n  here:\n    address: local\n")
    return folder


def play(lab: Path, *arguments: str, succeeds: bool = True) -> dict[str, Any]:
    """Run homelab.yml; returns the recap of each host."""
    ended = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "homelab.yml", *arguments],
        cwd=ROOT / "ansible",
        env=os.environ
        | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible/ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "lab_events",
            "HOMELAB_FILE": str(lab / "lab.yaml"),
            "LC_ALL": "C.UTF-8",
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
    play(lab, as_if_on("orin-64g"))
    document = json.loads((lab / "facts/here.json").read_text())
    recorded = json.loads((HOSTS / "orin-64g.json").read_text())
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
