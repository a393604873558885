"""What the collector weighs: real folders of this machine, by the shell and du that are here."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from collector import SCRIPT
from test_machines import SHELLS


def held(*words: str | Path, by: str = "sh", user: tuple[str, ...] = ()) -> list[list[str]]:
    """The lines of the section, each as kind, status, KiB and path."""
    ended = subprocess.run(
        [*user, *by.split(), "-c", SCRIPT.read_text(), "collect.sh", *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = ended.stdout.split("#section held 0\n")[1].splitlines()
    return [line.removeprefix("|").split(" ", 3) for line in lines[: lines.index("#end")]]


def filled(folder: Path, kib: int) -> Path:
    folder.mkdir(parents=True)
    with (folder / "data").open("wb") as file:
        file.write(os.urandom(kib * 1024))
        os.fsync(file.fileno())  # some file systems count blocks only then
    return folder


@pytest.mark.parametrize("shell", SHELLS)
def test_a_folder_with_a_space_is_weighed_by_every_shell(shell: str, tmp_path: Path) -> None:
    folder = filled(tmp_path / "my lab/.lab", 300)
    [(kind, status, kib, path)] = held("platform", folder, by=shell)
    assert (kind, status, path) == ("platform", "0", str(folder))
    assert 300 <= int(kib) <= 320


def test_a_pattern_weighs_our_volumes_and_nobody_elses(tmp_path: Path) -> None:
    ours = filled(tmp_path / "the store/pvc-1_ai-infrastructure_data-nats-0", 100)
    also = filled(tmp_path / "the store/pvc-2_ai-infrastructure_data-garage-0", 100)
    filled(tmp_path / "the store/pvc-3_games_data-minecraft-0", 100)
    rows = held("platform", tmp_path / "the store/*_ai-infrastructure_*", "model", tmp_path / "none")
    assert [(kind, status, path) for kind, status, _, path in rows] == [
        ("platform", "0", str(ours)),
        ("platform", "0", str(also)),
    ]


def test_what_is_not_there_weighs_nothing(tmp_path: Path) -> None:
    assert held("platform", tmp_path / "none", "image", tmp_path / "none/*_x_*") == []
    assert held() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="this machine's user is not root, who alone may become another")
def test_a_folder_that_we_may_not_read_is_told_and_not_taken_for_empty() -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with TemporaryDirectory() as scratch:  # pytest's own folder is shut to others altogether
        shut = filled(Path(scratch, "storage/pvc-1_ai-infrastructure_data"), 100).parent
        for folder in (Path(scratch), shut):
            folder.chmod(0o711)
        rows = held("platform", shut / "*_ai-infrastructure_*", user=nobody)
    assert rows == [["platform", "126", "0", str(shut)]]


def test_a_du_that_hangs_is_ended_and_told(tmp_path: Path) -> None:
    """`timeout` is asked for a minute; the one here gives it a tenth of a second."""
    folder = filled(tmp_path / "data", 4)
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "du").write_text("#!/bin/sh\nexec sleep 60\n")
    (tools / "timeout").write_text('#!/bin/sh\nshift\nexec /usr/bin/timeout 0.1 "$@"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    env = ("env", f"PATH={tools}:{os.environ['PATH']}")
    assert held("platform", folder, user=env) == [["platform", "124", "0", str(folder)]]
