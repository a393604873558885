"""`homelab local`: what people and programs see."""

import json
from pathlib import Path

import pytest

from homelab import cli


@pytest.fixture
def lab_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text("version: 1\nhosts: {desktop: {address: local}}\nlocal: {data_dir: data}\n")
    monkeypatch.setenv("HOMELAB_FILE", str(path))
    return path


def test_down_says_that_nothing_ran(lab_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["local", "down"]) == 0
    assert capsys.readouterr().out.replace("\n", "") == f"nothing ran in {lab_file.parent / 'data'}"
    assert cli.run(["local", "down", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": "local-down/1", "ran": False, "services": []}


def test_status_says_that_nothing_runs(lab_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["local", "status"]) == 0
    assert capsys.readouterr().out.replace("\n", "") == f"nothing runs in {lab_file.parent / 'data'}"
    assert cli.run(["local", "status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": "local-status/1", "services": []}


def test_up_without_facts_says_how_to_get_them(lab_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["local", "up"]) == 1
    assert "audit" in capsys.readouterr().err
    assert not (lab_file.parent / "data").exists()
