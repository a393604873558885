"""Whose lock of a stack is removed, and whose is left alone."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from homelab.engine.folders import Folders
from homelab.engine.lock import held, release_dead
from homelab.errors import StackLocked
from servers import until


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders(tmp_path)
    made.locks("phase1-core").mkdir(parents=True)
    return made


def locked(folders: Folders, pid: int, host: str, at: datetime) -> Path:
    path = folders.locks("phase1-core") / "7e1c.json"
    path.write_text(json.dumps({"pid": pid, "username": "me", "hostname": host, "timestamp": at.isoformat()}))
    return path


def ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_lock_whose_owner_ended_here_is_removed(folders: Folders) -> None:
    pid = ended()
    path = locked(folders, pid, socket.gethostname(), datetime.now(UTC))
    assert release_dead(folders, "phase1-core") == (pid,)
    assert list(path.parent.iterdir()) == []


def test_a_process_that_is_younger_than_the_lock_and_no_engine_is_another_one(folders: Folders) -> None:
    path = locked(folders, os.getpid(), socket.gethostname(), datetime.now(UTC) - timedelta(days=3650))
    assert release_dead(folders, "phase1-core") == (os.getpid(),)
    assert not path.exists()


def test_a_living_owner_keeps_its_lock(folders: Folders) -> None:
    path = locked(folders, os.getpid(), socket.gethostname(), datetime.now(UTC))
    with pytest.raises(StackLocked) as refused:
        release_dead(folders, "phase1-core")
    assert str(refused.value) == (
        f"stack phase1-core · process {os.getpid()} of this machine holds it · "
        f"one run at a time changes a stack · wait for its end, or remove {path}"
    )
    assert path.exists()


def test_an_engine_keeps_its_lock_though_the_clock_was_set_forward(folders: Folders, tmp_path: Path) -> None:
    """The kernel counts a process' age from the boot, whose time moves with the clock."""
    (tmp_path / "pulumi").symlink_to(sys.executable)
    with subprocess.Popen([tmp_path / "pulumi", "-c", "input()"], stdin=subprocess.PIPE) as engine:
        until(lambda: psutil.Process(engine.pid).name() == "pulumi", "the engine's name")
        path = locked(folders, engine.pid, socket.gethostname(), datetime.now(UTC) - timedelta(hours=1))
        with pytest.raises(StackLocked):
            release_dead(folders, "phase1-core")
        engine.kill()
    assert path.exists()


def test_a_second_run_of_a_stack_is_refused_while_the_first_lasts(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    with held(folders, "phase1-core"):
        with pytest.raises(StackLocked) as refused, held(folders, "phase1-core"):
            pass
        with held(folders, "phase2-pipeline"):
            pass
    assert str(refused.value) == (
        f"stack phase1-core · process {os.getpid()} of this machine holds it · "
        "one run at a time changes a stack · wait for its end"
    )
    with held(folders, "phase1-core"):
        pass


def test_an_owner_on_another_machine_keeps_its_lock(folders: Folders) -> None:
    path = locked(folders, ended(), "elsewhere", datetime.now(UTC))
    with pytest.raises(StackLocked, match=r"process \d+ on elsewhere holds it"):
        release_dead(folders, "phase1-core")
    assert path.exists()


def test_the_beginning_of_a_lock_is_no_lock(folders: Folders) -> None:
    begun = folders.locks("phase1-core") / "7e1c.json.18b3.tmp"
    begun.write_text("")
    assert release_dead(folders, "phase1-core") == ()
    assert not begun.exists()


def test_a_stack_that_never_ran_has_no_lock(tmp_path: Path) -> None:
    assert release_dead(Folders(tmp_path), "phase1-core") == ()
