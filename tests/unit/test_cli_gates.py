"""What `homelab plan` says of a host's measurements, under its ledger and in `plan/1`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from homelab import gates
from homelab.cli import run
from homelab.lab import load
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


EVERYTHING_HERE = "version: 1\nhosts:\n  pc: {address: local}\n"

REFUSED = (
    "host pc, gate cpu.instructions · no sse4_2 on made up · "
    "numpy's wheel is built for x86-64-v2 and refuses any less · place embedder and extract on another host\n"
)


def test_what_a_gate_refuses_is_not_started(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.write_text(EVERYTHING_HERE)
    assert run(["local", "up"]) == 1
    assert capsys.readouterr().err == REFUSED
    assert not (lab.parent / ".lab").exists()


def test_what_a_gate_refuses_is_not_demonstrated(
    lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.write_text(EVERYTHING_HERE)
    monkeypatch.setattr("homelab.cli.demonstration.measured", lambda _screen: (load(), "pc"))
    assert run(["demo"]) == 1
    assert capsys.readouterr().err == REFUSED
    assert not (lab.parent / ".lab").exists()


def test_a_demo_of_paths_that_are_not_there_measures_and_starts_nothing(
    lab: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lab.write_text(EVERYTHING_HERE)
    (tmp_path / "link.md").symlink_to(tmp_path / "nowhere.md")
    assert run(["demo", str(tmp_path), str(tmp_path / "link.md"), str(tmp_path / "reprot.pdf")]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"{tmp_path}/link.md · a link to nothing · a link must lead to a file · remove or mend the link\n"
        f"{tmp_path}/reprot.pdf · no such file or folder · paths must exist · check the spelling\n"
    )
    assert not (lab.parent / ".lab").exists()


def test_what_if_shows_what_will_not_run_after_a_move(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.write_text("version: 1\nhosts:\n  pc: {address: pc.lan, place: [nats]}\n")
    assert run(["what-if", "--move", "embedder=pc"]) == 3
    said = capsys.readouterr().out
    assert "refuse cpu.instructions · no sse4_2 on made up" in said
    assert "cgroup.memory" not in said  # it was so before


def test_what_if_says_that_a_host_which_does_not_change_cannot_run(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["what-if", "--upgrade", "pc", "--cores", "8"]) == 3
    assert "pc · nothing changes\nrefuse cpu.instructions" in capsys.readouterr().out


def test_what_if_of_one_machine_ends_as_its_plan_would(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--ram", "8GiB", "--place", "embedder", "--disk", "500MB"]) == 3
    assert "refuse disk.free · 0 GiB" in capsys.readouterr().out


def test_every_gate_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/gates.md").read_text("utf-8")
    told = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert told == list(get_args(gates.Id))
