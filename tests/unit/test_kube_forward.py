"""The door to a service in the cluster; a stand-in for kubectl keeps what it was told and says what it would."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from homelab.errors import ClusterError, MissingTool
from homelab.kube import forward
from homelab.lab.cluster import Cluster
from servers import until

CLUSTER = Cluster(context="home", kubeconfig=Path("/etc/kubeconfig"))

STAND_IN = """#!/bin/sh
'''exec' "{python}" "$0" "$@"  # a first line cannot name an interpreter whose path has a space
' '''
import os, signal, sys
with open({told!r}, "a") as file:
    file.write(f"{{os.getpid()}} {{' '.join(sys.argv[1:])}}\\n")
{then}
"""
OPENS = """
print("W1121 a warning", flush=True)
print("Forwarding from 127.0.0.1:40123 -> 8000", flush=True)
signal.pause()
"""
REFUSES = 'sys.exit("E1121 noise\\nError from server (NotFound): services \\"api\\" not found")'


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Takes what it does; returns the file that holds a line for each start of it."""

    def made(then: str) -> Path:
        program, told = tmp_path / "kubectl", tmp_path / "told"
        program.write_text(STAND_IN.format(python=sys.executable, told=str(told), then=then))
        program.chmod(0o755)
        monkeypatch.setattr(forward.tools, "find", lambda _: program)
        return told

    return made


def starts(told: Path) -> list[list[str]]:
    return [line.split() for line in told.read_text().splitlines()] if told.exists() else []


def alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_the_door_is_on_loopback_and_closes_with_the_command(stand_in: Callable[[str], Path]) -> None:
    told = stand_in(OPENS)
    with forward.forwarded(CLUSTER, "api", 8000) as url:
        assert url == "http://127.0.0.1:40123"
        ((pid, *words),) = starts(told)
        assert alive(pid)
    assert words == [
        "--kubeconfig=/etc/kubeconfig",
        "--context=home",
        "--namespace=ai-infrastructure",
        "port-forward",
        "--address=127.0.0.1",
        "service/api",
        ":8000",
    ]
    assert not alive(pid)


def test_a_door_that_closed_is_opened_anew_at_the_same_port(
    stand_in: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "AGAIN", 0.01)
    told = stand_in(OPENS)
    with forward.forwarded(CLUSTER, "api", 8000):
        os.kill(int(starts(told)[0][0]), signal.SIGTERM)
        until(lambda: len(starts(told)) == 2, "another one")
    assert starts(told)[1][-1] == "40123:8000"
    assert not alive(starts(told)[1][0])


def test_a_refusal_is_told_in_kubectl_s_last_words(stand_in: Callable[[str], Path]) -> None:
    stand_in(REFUSES)
    with pytest.raises(ClusterError) as refused, forward.forwarded(CLUSTER, "api", 8000):
        pass
    assert str(refused.value) == (
        'cluster home api · Error from server (NotFound): services "api" not found · '
        "./lab validate --stack phase2-pipeline shows what is wrong"
    )


def test_without_kubectl_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward.tools, "find", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        MissingTool, match=r"kubectl · not found · .* · put it on PATH, or \./lab tools kubernetes"
    ):
        forward.kubectl(CLUSTER)
