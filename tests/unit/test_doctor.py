"""`homelab doctor` as a whole: what it prints, its exit code, and that it changes nothing."""

import json
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from homelab.cli import run
from homelab.doctor import Finding, Id, disk, lab, ports
from homelab.lab import load
from unit.hosts import facts as made_up

LAB = """\
version: 1
hosts: {{desktop: {{address: local}}, nas: {{address: nas.lan}}}}
local: {{ports: {{nats: {port}}}}}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lab whose port of NATS this test has taken, with fresh facts of the first host and none of the second."""
    listener = socket.create_server(("127.0.0.1", 0))
    path = tmp_path / "lab.yaml"
    path.write_text(LAB.format(port=listener.getsockname()[1]))
    measured = json.loads(made_up(32000).model_dump_json(by_alias=True))
    measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/desktop.json").write_text(json.dumps(measured))
    monkeypatch.setattr("homelab.planner.local_machine_id", lambda: measured["homelab"]["machine_id"])
    monkeypatch.setenv("HOMELAB_FILE", str(path))
    monkeypatch.setattr(ports.supervisord, "is_running", lambda _: False)
    with listener:
        yield path


def test_a_taken_port_fails_the_whole_with_3(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["ok"]) == ("doctor/1", False)
    assert {frozenset(one) for one in said["findings"]} == {
        frozenset({"id", "subject", "state", "evidence", "mend"})
    }
    by = {(one["id"], one["subject"]): one for one in said["findings"]}
    assert by["ports.free", "nats"]["state"] == "fail"
    assert f"pid {os.getpid()}" in by["ports.free", "nats"]["evidence"]
    assert by["facts.age", "desktop"]["state"] == "ok"
    assert by["facts.file", "nas"]["state"] == "warn"


def test_a_person_reads_each_mend_within_a_hundred_columns(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 3
    said = capsys.readouterr().out
    assert "→ stop it or set local.ports.nats" in " ".join(said.split())  # the folder's name is long or short
    assert max(map(len, said.splitlines())) <= 100


def test_nothing_is_written(here: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in here.parent.rglob("*")}
    run(["doctor", "--json"])
    assert {path: path.stat().st_mtime_ns for path in here.parent.rglob("*")} == before


def test_a_warning_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    findings = (Finding("clock.sync", "clock", "warn", "not synchronised", "mend"),)
    monkeypatch.setattr("homelab.cli.doctor.examine", lambda: iter(findings))
    assert run(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("0 ok, 1 to look at, 0 failed\n")


def test_a_broken_lab_file_is_findings_and_hides_no_other(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here.write_text("version: 1\nhosts: {desktop: {address: local}}\nprofil: x\n")
    assert lab.findings()[0] is None
    assert run(["doctor", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)["findings"]
    [broken] = [one for one in found if one["id"] == "lab.file"]
    assert broken["state"] == "fail"
    assert "profil" in broken["subject"]
    assert {"tools.python", "kernel.version"} <= {one["id"] for one in found}
    assert "ports.free" not in {one["id"] for one in found}


def test_every_check_of_a_lab_tells_a_finding_of_its_own(here: Path) -> None:
    read = load()
    assert {one.id for one in disk.findings(read)} == {"disk.free", "disk.filesystem", "disk.writable"}
    assert len(list(ports.findings(read))) == 10


def test_every_finding_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/doctor.md").read_text("utf-8")
    told = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert told == list(get_args(Id))
