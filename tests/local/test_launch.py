"""The wrapper that every program is started by."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from homelab.local import launch

PLAIN: launch.Spec = {
    "name": "shown",
    "argv": ["env", "--null"],
    "env": {"PLAIN": "a b"},
    "secrets": {},
    "cgroup_procs": None,
    "oom_score_adj": 0,
    "as_ordinary_user": False,
    "watcher": [],
    "death_signal": 15,
}


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """As supervisord leaves it, this process in supervisord's place."""
    (tmp_path / "pids").mkdir()
    (tmp_path / "supervisord.pid").write_text(f"{os.getpid()}\n")
    return tmp_path


def run(folder: Path, **settings: object) -> subprocess.CompletedProcess[str]:
    (folder / "spec.json").write_text(json.dumps({**PLAIN, **settings}))
    command = [sys.executable, "-I", "-S", launch.__file__, "spec.json"]
    environment = {"PATH": os.environ["PATH"], "SUPERVISOR_ENABLED": "1", "HOMELAB_LAUNCHER": "x"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_program_sees_settings_and_secrets_and_no_mark_of_the_supervisor(run_folder: Path) -> None:
    (run_folder / "password").write_text("secret\n")
    done = run(run_folder, secrets={"PASSWORD": "password"})
    seen = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    assert seen == {"PATH": os.environ["PATH"], "PLAIN": "a b", "PASSWORD": "secret", "LC_CTYPE": "C.UTF-8"} or (
        seen == {"PATH": os.environ["PATH"], "PLAIN": "a b", "PASSWORD": "secret"}
    )


def test_it_notes_which_process_it_became(run_folder: Path) -> None:
    done = run(run_folder, argv=["sh", "-c", "echo $$"])
    pid, started = (run_folder / "pids/shown").read_text().split()
    assert pid == done.stdout.strip()
    assert int(started) > 0


def test_root_is_somebody_else_where_the_program_wants_that(run_folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("this machine's user is not root: nothing to hide")
    assert run(run_folder, argv=["id", "-u"], as_ordinary_user=True).stdout == "1\n"


def test_without_its_supervisor_nothing_is_started(run_folder: Path) -> None:
    (run_folder / "supervisord.pid").write_text("1")
    done = run(run_folder, argv=["touch", "started"])
    assert (done.returncode, done.stderr) == (1, "supervisord is gone; not starting\n")
    assert not (run_folder / "started").exists()


def test_what_is_wrong_is_one_line(run_folder: Path) -> None:
    done = run(run_folder, secrets={"PASSWORD": "nowhere"})
    assert done.returncode == launch.EX_CONFIG
    assert done.stderr == "launch spec.json: [Errno 2] No such file or directory: 'nowhere'\n"
