"""However it ends, nothing stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from stand import Stand, assert_gone

from homelab.local import launch, leftovers, supervisord
from servers import until


def kill_supervisord(stand: Stand) -> list[psutil.Process]:
    """Kill it; returns what ran below it."""
    supervisor, *below = stand.processes()
    supervisor.kill()
    assert supervisord.wait_gone(supervisor.pid, 5)
    return below


def test_when_supervisord_is_killed_every_server_ends_by_itself(running: Stand) -> None:
    below = kill_supervisord(running)
    assert len(below) >= 3
    assert_gone(below)
    assert not supervisord.is_running(running.folders)


def test_after_a_crash_the_next_up_needs_no_help(running: Stand) -> None:
    kill_supervisord(running)
    assert len(running.up()) == 4


def test_a_process_that_outlives_the_crash_is_ended_by_the_next_command(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.up(stand.stand_in("stubborn", stop_within=1))
    [stubborn] = kill_supervisord(stand)
    assert stubborn.is_running()
    monkeypatch.setattr(leftovers, "GRACE", 0.5)
    assert stand.down() == []
    assert_gone([stubborn])


def test_a_stranger_who_got_the_number_of_an_old_process_is_left_alone(stand: Stand) -> None:
    (stand.folders.pids / "nats").write_text(f"{os.getpid()} {launch.start_time(os.getpid()) - 1}")
    assert leftovers.find(stand.folders, None) == []
    (stand.folders.pids / "nats").write_text(f"{os.getpid()} {launch.start_time(os.getpid())}")
    assert os.getpid() in [process.pid for process in leftovers.find(stand.folders, None)]
    (stand.folders.pids / "nats").unlink()


def test_a_record_that_was_cut_off_proves_nothing(stand: Stand) -> None:
    (stand.folders.pids / "nats").write_text("")
    assert leftovers.find(stand.folders, None) == []


INTERRUPTED = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = {path!r}
from stand import make
stand = make(Path({data!r}))
mute = stand.stand_in()
mute = replace(mute, programs=(replace(mute.programs[0], argv=("sleep", "60")),))
try:
    stand.up(stand.nats(), mute)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_while_starting_stops_everything_again(tmp_path: Path, stand: Stand) -> None:
    here = Path(__file__).parent
    code = INTERRUPTED.format(path=[str(here), str(here.parent)], data=str(stand.folders.data))
    with subprocess.Popen([sys.executable, "-c", code]) as starting:
        until(lambda: (stand.folders.pids / "stand-in").exists(), "the stand-in was started")
        processes = stand.processes()
        starting.send_signal(signal.SIGINT)
        assert starting.wait(30) == 130
    assert_gone(processes)
    assert not supervisord.is_running(stand.folders)
    assert stand.down() == []


def test_a_supervisord_that_no_longer_answers_is_ended_by_down(
    running: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisord, "RPC_WITHIN", 0.5)
    processes = running.processes()
    processes[0].suspend()
    running.down()
    assert_gone(processes)
