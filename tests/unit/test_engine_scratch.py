"""What one run of the engine writes on the side, and what is left of a killed one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from homelab.engine.scratch import scratch

WAITS = "import sys; print(flush=True); sys.stdin.read()"


def left_by_a_dead_run(folder: Path) -> Path:
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    left = folder / f"{owner.pid}-abc"
    left.mkdir()
    (left / "key.pem").write_text("a key")
    return left


@contextmanager
def running(program: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its scratch in `folder`, certainly up."""
    command = [program, "-c", WAITS]
    with subprocess.Popen(
        command, env={"TMPDIR": str(folder)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_it_is_gone_after_the_run(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        (folder / "key.pem").write_text("a key")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_removed_and_ended(tmp_path: Path) -> None:
    left = left_by_a_dead_run(tmp_path)
    with running(sys.executable, left) as orphan, scratch(tmp_path):
        assert not psutil.pid_exists(orphan.pid)
        assert not left.exists()


def test_an_engine_that_outlived_its_starter_keeps_its_folder(tmp_path: Path) -> None:
    left = left_by_a_dead_run(tmp_path)
    engine = tmp_path.parent / "pulumi"
    engine.symlink_to(sys.executable)
    with running(str(engine), left) as living, scratch(tmp_path):
        assert living.poll() is None
        assert left.exists()


def test_the_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    with scratch(tmp_path) as first, scratch(tmp_path):
        assert first.exists()
