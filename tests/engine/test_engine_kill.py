"""`kill -9` of the whole engine at random instants of an `up`: the next completes, nothing orphaned or doubled.

KILLS says how many times (5 otherwise), SEED repeats a run.
"""

import base64
import logging
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from control_plane import ControlPlane
from stack import Stack

from servers import until

LOG = logging.getLogger(__name__)
KILLS = int(os.environ.get("KILLS", "5"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1_000_000)
PATIENCE = 120.0
"""Seconds for a run to come as far as it is killed at: it takes 8 alone, and 40 on cores that build something."""


def program(namespace: str, round_: int, chosen: random.Random) -> dict[str, Any]:
    """Each round makes, changes, replaces and deletes something of the one before."""
    return {
        "namespace": namespace,
        "config_maps": chosen.randrange(10, 40),
        "data": f"round {round_}",
        "secrets": [f"secret of round {round_}"] * chosen.randrange(1, 5),
        "jobs": {f"job-{number}": f"image:{round_}" for number in range(chosen.randrange(1, 4))},
    }


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def assert_as_the_program_says(stack: Stack) -> None:
    wanted = stack.wanted
    maps = {f"config-{one}": {"value": wanted["data"], "number": str(one)} for one in range(wanted["config_maps"])}
    assert {name: one["data"] for name, one in stack.objects().items()} == maps
    secrets = {f"secret-{number}": encoded(text) for number, text in enumerate(wanted["secrets"])}
    assert {name: one["data"]["value"] for name, one in stack.objects("secrets").items()} == secrets
    images = {
        name: one["spec"]["template"]["spec"]["containers"][0]["image"]
        for name, one in stack.objects("jobs", "/apis/batch/v1").items()
    }
    assert images == wanted["jobs"]


def kill_after(running: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it was still running then."""
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_all(running)
        return True
    return False


def kill_all(running: subprocess.Popen[bytes]) -> None:
    """Everything at once: the engine gives its plugins groups of their own. The killed need a moment to end."""
    started = psutil.Process(running.pid).children(recursive=True)
    os.killpg(running.pid, signal.SIGKILL)
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    running.wait()
    until(lambda: all(ended(process) for process in started), "the killed processes to end")


def ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def kill_among_changes(running: subprocess.Popen[bytes], stack: Stack, count: int) -> bool:
    """Once `count` config maps are as the program says, by chance or by this run."""

    def changed() -> bool:
        values = [one["data"]["value"] for one in stack.objects().values()]
        return running.poll() is not None or values.count(stack.wanted["data"]) >= count

    until(changed, f"{count} config maps changed", PATIENCE)
    return kill_after(running, 0)


@pytest.mark.timeout(120 + 90 * KILLS)
def test_a_killed_run_is_mended_by_the_next(cluster: ControlPlane, tmp_path: Path) -> None:
    chosen = random.Random(SEED)
    LOG.info("SEED=%d", SEED)
    stack = Stack(tmp_path, cluster, program("killed", 0, chosen))
    began = time.monotonic()
    assert stack.start_up().wait() == 0
    whole = time.monotonic() - began
    assert_as_the_program_says(stack)
    for round_ in range(1, KILLS + 1):
        stack.wanted = program("killed", round_, chosen)
        instant = chosen.uniform(0, whole)
        running = stack.start_up()
        if round_ % 2:
            killed = kill_after(running, instant)
        else:  # most of a run is its start: every other one is killed while it changes objects
            killed = kill_among_changes(running, stack, chosen.randrange(1, stack.wanted["config_maps"]))
        LOG.info("round %d: %s", round_, "killed" if killed else "had ended")
        if chosen.random() < 0.5:
            stack.wanted = program("killed", round_ + 1000, chosen)  # what the killed run began is not wanted now
        stack.told.clear()
        stack.up()
        LOG.info("told: %s", stack.told)
        assert_as_the_program_says(stack)
        again = stack.up()
        assert again.changed == 0, again.changes


@pytest.mark.timeout(300)
def test_a_killed_first_run_leaves_nothing_behind_after_down(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "killed-first", "config_maps": 60})
    running = stack.start_up()
    until(lambda: running.poll() is not None or len(listed(stack)) >= 5, "some objects made", PATIENCE)
    kill_all(running)
    assert listed(stack)
    stack.down()
    assert cluster.get("/api/v1/namespaces/killed-first") is None


def listed(stack: Stack) -> dict[str, Any]:
    return stack.objects() if stack.cluster.get(f"/api/v1/namespaces/{stack.namespace}") else {}
