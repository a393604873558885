"""There is one sandbox on a machine: what becomes of another checkout's, and of an ordinary user."""

import os
from pathlib import Path

import pytest

from homelab.cli import run
from homelab.errors import SandboxError
from homelab.sandbox import boot, cgroups, checks, images, lifecycle, network
from homelab.sandbox.layout import of
from homelab.sandbox.owner import own

STRANGER = "sandbox · another checkout's runs · there is one on a machine: its addresses have fixed names"


@pytest.fixture
def another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with a sandbox of one node that does not run, on a machine where another checkout's does."""
    root = tmp_path / ".sandbox"
    for one in of(1, root).machines:
        one.create()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(cgroups, "processes", lambda *_: {4711})
    monkeypatch.setattr(boot, "is_of", lambda _: False)
    monkeypatch.setattr(boot, "kill", lambda _: pytest.fail("a stranger's node lost its power"))
    monkeypatch.setattr(lifecycle, "LOCK", tmp_path / "lock")
    return root


def test_nothing_runs_and_what_lies_there_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "processes", lambda *_: set[int]())
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert own(tmp_path) is None
    of(1, tmp_path).control.create()
    of(1, tmp_path).nodes[0].create()
    assert own(tmp_path) == of(1, tmp_path)


def test_another_checkouts_node_is_never_ended(another: Path) -> None:
    with pytest.raises(SandboxError, match="another checkout's runs"):
        lifecycle.kill("sandbox", another)


def test_another_checkouts_node_is_given_no_image(another: Path) -> None:
    with pytest.raises(SandboxError, match="another checkout's runs"):
        images.load(another / "image.tar", another)


@pytest.mark.usefixtures("another")
def test_status_does_not_say_that_none_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "status"]) == 1
    assert capsys.readouterr().err.startswith(STRANGER)


@pytest.mark.parametrize("verb", ["up", "down"])
def test_an_ordinary_user_is_told_before_anything_is_touched(
    verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(lifecycle, "LOCK", Path("/nowhere/lock"))
    assert run(["sandbox", verb]) == 1
    assert capsys.readouterr().err == (
        f"sandbox-{verb} · user id 1000 · namespaces, mounts and cgroups are root's · sudo ./lab sandbox-{verb}\n"
    )


def test_three_nodes_need_what_measures_the_ways_between_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where `up` is not told how many there are: the folder says so."""

    def machine(nodes: int) -> None:
        raise InterruptedError(f"{nodes} nodes")

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(lifecycle, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(lifecycle, "own", lambda root: of(3, root))
    monkeypatch.setattr(checks, "machine", machine)
    with pytest.raises(InterruptedError, match="3 nodes"):
        lifecycle.up(None, lambda _: None, tmp_path)


def test_what_ip_refuses_is_told_in_its_own_words() -> None:
    with pytest.raises(SandboxError) as refused:
        network._said(["sh", "-c", "echo 'RTNETLINK answers: Operation not supported' >&2; exit 2"])
    assert str(refused.value).startswith("ip · RTNETLINK answers: Operation not supported · ")
