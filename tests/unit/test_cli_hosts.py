"""The hosts that options of `homelab` name: one look-up, one wording."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from homelab import planner
from homelab.cli import run
from homelab.explain import everything
from homelab.lab import load
from unit.hosts import facts


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A NAS on which nothing is placed before a desktop on which something is."""
    path = tmp_path / "lab.yaml"
    path.write_text(
        "version: 1\nhosts:\n  nas: {address: nas.lan, place: []}\n  desktop: {address: pc.lan, place: [nats]}\n"
    )
    measured = json.loads(facts(8000).model_dump_json(by_alias=True))
    measured["homelab"]["audited_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/desktop.json").write_text(json.dumps(measured))
    monkeypatch.setenv("HOMELAB_FILE", str(path))
    return path


@pytest.mark.parametrize(
    ("option", "command"),
    [
        ("--host", ["plan", "--host", "dekstop"]),
        ("--host", ["explain", "nats.limit", "--host", "dekstop"]),
        ("--limit", ["audit", "--limit", "nas,dekstop"]),
    ],
)
def test_every_command_says_the_same_of_a_host_that_is_none(
    option: str, command: list[str], lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(command) == 2
    said = capsys.readouterr().err
    assert f"{option}" in said
    assert "'dekstop' is no host of lab.yaml; did you mean desktop?" in said


def test_the_first_host_that_has_a_plan_is_explained(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "nats.limit"]) == 0
    assert capsys.readouterr().out.startswith("nats.limit = ")


def test_every_step_of_every_value_is_told_in_words(
    lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    [plan] = planner.plan(planner.measured(load(lab))).hosts
    for explained in everything(plan):
        assert run(["explain", explained.name]) == 0
        said = capsys.readouterr().out
        for step in explained.figure.chain:  # a source may hold brackets, as storage_performance.mounts[/] does
            assert step.value in said, explained.name
            assert step.source in said, explained.name
            assert step.because in said, explained.name


def test_a_host_on_which_nothing_is_placed_has_nothing_to_explain(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "nats.limit", "--host", "nas"]) == 1
    said = "only what is placed on a host has a plan · add consumers to place\n"
    assert capsys.readouterr().err == f"lab.yaml hosts.nas · nothing is placed · {said}"


def test_a_lab_in_which_nothing_is_placed_is_one_line(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lab.write_text("version: 1\nhosts: {nas: {address: nas.lan, place: []}}\n")
    assert run(["explain", "nats.limit"]) == 1
    said = "only what is placed on a host has a plan · add consumers to place\n"
    assert capsys.readouterr().err == f"lab.yaml hosts · nothing is placed · {said}"
