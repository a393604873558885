"""Whose lock of a stack is removed, and whose is left alone."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homelab.engine.folders import Folders
from homelab.engine.lock import release_dead
from homelab.errors import StackLocked


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


def test_a_process_that_is_younger_than_the_lock_is_another_one(folders: Folders) -> None:
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
