"""What `homelab tools --prune` removes of the cache, and what it leaves alone."""

import json
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from homelab.cli import run
from homelab.tools import TOOLS
from homelab.tools.alone import alone
from homelab.tools.prune import prune

OLD = "age-0123456789ab"
CURRENT = TOOLS["age"].home.name


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two builds of one tool, of which the pins name one; what another's broken build left; a person's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "homelab/tools"
    for name in (OLD, CURRENT, "nats-ba9876543210.work", "my own things"):
        (folder / name / "bin").mkdir(parents=True)
        (folder / name / "bin/age").write_bytes(b"x" * 1000)
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_builds_that_no_pin_names_go(cache: Path) -> None:
    assert {path.name for path in prune()} == {OLD, "nats-ba9876543210.work"}
    assert names(cache) == {CURRENT, "lock", "my own things"}


def test_a_build_goes_on_where_it_was_broken_off(cache: Path) -> None:
    work = cache / f"{CURRENT}.work"
    work.mkdir()
    assert work not in prune()
    assert work.exists()


def test_a_build_whose_program_runs_stays(cache: Path) -> None:
    program = cache / OLD / "bin/age"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"]) as running:
        try:
            assert cache / OLD not in prune()
        finally:
            running.kill()
    assert program.exists()
    assert cache / OLD in prune()


def test_nothing_goes_while_another_checkout_builds(cache: Path) -> None:
    pruning = threading.Thread(target=prune)
    with alone(cache / "lock", "tools are being built"):
        pruning.start()
        pruning.join(0.2)
        assert pruning.is_alive()
        assert (cache / OLD).exists()
    pruning.join()
    assert not (cache / OLD).exists()


def test_without_a_cache_there_is_nothing_to_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    assert prune() == []


def test_a_person_is_told_what_went(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "--prune"]) == 0
    assert capsys.readouterr().out == f"removed {OLD}\nremoved nats-ba9876543210.work\n"
    assert run(["tools", "--prune"]) == 0
    assert capsys.readouterr().out == "nothing to remove\n"


def test_a_program_is_told_too(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "--prune", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "schema": "tools-prune/1",
        "removed": [str(cache / OLD), str(cache / "nats-ba9876543210.work")],
    }


def test_pruning_and_building_are_two_wishes(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tools", "age", "--prune"]) == 2
    assert (cache / OLD).exists()
