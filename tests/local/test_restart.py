"""`kill -9`: the replacement starts within a second, is ready soon, and is counted."""

import os
import signal
import time

import psutil
import pytest
from stand import Stand, assert_gone

from homelab.local import conf, memory
from servers import until

WITHIN = 1.0
"""Seconds from the kill to the new process: what the platform promises."""


def killed(stand: Stand, program: str) -> float:
    """Kill the program; seconds until another process has taken its place.

    Seen by what the launcher notes, not by asking supervisord, which every question wakes up.
    """
    note = stand.folders.pids / program
    before = note.read_text()
    began = time.monotonic()
    os.kill(int(before.split()[0]), signal.SIGKILL)
    until(lambda: note.read_text() not in ("", before), f"{program} restarted")
    return time.monotonic() - began


def is_ready(stand: Stand, service: str) -> bool:
    return next(one.state for one in memory.usage(stand.folders) if one.service == service) == "ready"


@pytest.mark.parametrize("program", ["nats", "postgres", "oxigraph"])
def test_a_killed_server_is_back_within_a_second_and_ready_again(running: Stand, program: str) -> None:
    assert killed(running, program) < WITHIN
    until(lambda: is_ready(running, program), f"{program} ready again")
    assert running.restarts(program) >= 1
    assert [running.restarts(other) for other in {"nats", "postgres", "oxigraph"} - {program}] == [0, 0]


def test_it_is_immediate_and_not_the_next_look_of_a_timer(stand: Stand) -> None:
    stand.up(stand.stand_in())
    for restarts in (1, 2, 3):
        # Killed within its first second it would be backed off from, as a program that cannot start is.
        until(lambda: stand.state("stand-in") == "RUNNING", "up for a second")
        # supervisord alone needs up to 2 s, by chance.
        assert killed(stand, "stand-in") < 0.3
        assert stand.restarts("stand-in") == restarts


def test_the_first_restart_of_a_program_killed_while_starting_is_immediate_too(stand: Stand) -> None:
    stand.up(stand.stand_in())
    assert stand.state("stand-in") == "STARTING"
    assert killed(stand, "stand-in") < WITHIN


def test_what_a_killed_program_leaves_of_its_group_is_ended_so_that_its_port_is_free(stand: Stand) -> None:
    stand.up(stand.stand_in("fork"))
    [child] = psutil.Process(stand.pid("stand-in")).children()
    assert killed(stand, "stand-in") < WITHIN
    assert_gone([child])
    until(lambda: is_ready(stand, "stand-in"), "the port is taken by the replacement")


def test_a_program_that_only_ends_is_tried_ever_later_and_said_to_be(stand: Stand) -> None:
    stand.up(stand.stand_in())
    spec = next(stand.folders.programs.glob("stand-in.*.json"))
    spec.write_text(spec.read_text().replace('"-I"', '"-c", "raise SystemExit(1)"'))
    os.kill(stand.pid("stand-in"), signal.SIGKILL)
    until(lambda: memory.usage(stand.folders)[0].state == "restarting", "backed off")
    until(lambda: stand.restarts("stand-in") == 3, "tried again after 2 s")


def test_it_is_never_given_up_since_what_it_lacks_may_come_back(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "_PROGRAM", conf._PROGRAM.replace("startretries=10", "startretries=2"))
    stand.up(stand.stand_in())
    spec = next(stand.folders.programs.glob("stand-in.*.json"))
    text = spec.read_text()
    spec.write_text(text.replace('"-I"', '"-c", "raise SystemExit(1)"'))
    os.kill(stand.pid("stand-in"), signal.SIGKILL)
    until(lambda: stand.restarts("stand-in") == 5, "tried every 2 s")
    spec.write_text(text)
    until(lambda: is_ready(stand, "stand-in"), "there again")


def test_a_step_runs_once_and_is_not_started_again_when_it_succeeded(running: Stand) -> None:
    assert running.pid("postgres-init") == 0
    running.up()
    assert running.pid("postgres-init") == 0
    assert running.restarts("postgres-init") == 0
