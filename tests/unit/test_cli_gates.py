"""What `homelab plan` says of a host's measurements, under its ledger and in `plan/1`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from homelab import gates
from homelab.cli import run
from unit.hosts import facts


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One host without AVX, SSE 4.2 or a memory controller, whose disk was not benchmarked."""
    monkeypatch.setattr("homelab.planner.local_machine_id", lambda: None)
    path = tmp_path / "lab.yaml"
    path.write_text("version: 1\nhosts:\n  pc: {address: pc.lan, place: [nats, embedder]}\n")
    measured = json.loads(facts(8000, host="pc", flags=()).model_dump_json(by_alias=True))
    measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    measured["homelab"]["memory_cgroup"] = False
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/pc.json").write_text(json.dumps(measured))
    monkeypatch.setenv("HOMELAB_FILE", str(path))
    return path


def test_gates_stand_under_the_ledger_the_gravest_first(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan"]) == 3
    said = capsys.readouterr().out
    under = said[said.index("request / limit; in the sum") :].splitlines()[1:]
    assert [line.split()[:2] for line in under if line.split()[0] in ("refuse", "warn", "info")] == [
        ["refuse", "cpu.instructions"],
        ["warn", "cgroup.memory"],
        ["info", "disk.etcd"],
        ["info", "cpu.instructions"],
    ]
    assert "→ place embedder on another host" in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 100


def test_json_has_each_gate_with_its_evidence(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "--json"]) == 3
    [host] = json.loads(capsys.readouterr().out)["hosts"]
    assert [gate["severity"] for gate in host["gates"]] == ["refuse", "warn", "info", "info"]
    assert host["gates"][1] == {
        "id": "cgroup.memory",
        "severity": "warn",
        "host": "pc",
        "evidence": {"fact": "homelab.memory_cgroup", "value": "false"},
        "rule": "no limit of this plan can be enforced, and k3s does not start",
        "source": "kernel.org, cgroup-v2, Memory",
        "mend": "boot without cgroup_disable=memory (CONFIG_MEMCG must be in the kernel)",
    }


def test_a_warning_does_not_fail_the_plan(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.write_text("version: 1\nhosts:\n  pc: {address: pc.lan, place: [nats]}\n")
    assert run(["plan"]) == 0
    assert "warn   cgroup.memory · false · no limit" in capsys.readouterr().out


def test_every_gate_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/gates.md").read_text("utf-8")
    told = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert told == list(get_args(gates.Id))
