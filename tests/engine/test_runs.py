"""A run that is not alone, is interrupted, or loses its cluster: one line, and the next run goes on."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from control_plane import ControlPlane, control_plane
from site_lab import NAMESPACE, Site, recorded
from stack import Stack

from homelab.errors import EngineFailed
from homelab.guards import Records, fingerprint
from homelab.lab.cluster import Cluster
from homelab.planner import plan_lab
from servers import until

STACK = "phase1-core"


@pytest.fixture
def ready(site: Site) -> Site:
    """Phase 0 is validated for what is planned."""
    site.measured(recorded("mini-pc-8g"))
    cluster = Cluster(context=site.cluster.context, kubeconfig=site.cluster.kubeconfig)
    Records(cluster).keep("phase0", fingerprint(plan_lab(site.lab).hosts), datetime.now(UTC))
    return site


def command(site: Site, *words: str) -> "subprocess.Popen[str]":
    """`homelab` as a person runs it, in a process group of its own as a terminal gives it one."""
    agreed = {"HOMELAB": "1", "DEPLOY_CONFIRM": "yes", "PULUMI_HOME": str(site.folder / "pulumi")}
    return subprocess.Popen(
        [sys.executable, "-c", "from homelab.cli import main; main()", *words],
        env={**os.environ, **agreed},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begun(site: Site, running: "subprocess.Popen[str]") -> None:
    """Objects are being made."""
    path = f"/api/v1/namespaces/{NAMESPACE}/services"

    def made() -> bool:
        found = site.cluster.get(path)
        return running.poll() is not None or bool(found and found["items"])

    until(made, "objects made", patience=120)
    assert running.poll() is None


def told(text: str) -> list[str]:
    """Without the line that says by what it is applied here."""
    return [line for line in text.splitlines() if "a stand-in applies" not in line]


def test_a_second_run_is_refused_and_an_interrupted_one_is_mended_by_the_next(ready: Site) -> None:
    first = command(ready, "stack", "up", "--stack", STACK)
    begun(ready, first)
    os.killpg(first.pid, signal.SIGSTOP)  # it lasts until the second has ended

    second = command(ready, "stack", "up", "--stack", STACK)
    _, refused = second.communicate()
    assert second.returncode == 1
    (line,) = told(refused)
    assert line == (
        f"stack {STACK} · process {first.pid} of this machine holds it · "
        "one run at a time changes a stack · wait for its end"
    )

    os.killpg(first.pid, signal.SIGINT)
    os.killpg(first.pid, signal.SIGCONT)
    _, interrupted = first.communicate()
    if first.returncode:  # else it had done its work when the signal came
        assert (first.returncode, told(interrupted)) == (130, ["interrupted"])

    assert set(ready.up(STACK).changes) <= {"create", "update", "same"}
    assert set(ready.up(STACK).changes) == {"same"}
    ready.engine().down(STACK, agreed=True)


def test_a_cluster_that_goes_away_is_told_and_the_next_run_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cluster").mkdir()
    with control_plane(tmp_path / "cluster") as own:
        server = next(
            one for one in psutil.Process().children() if own.url.rpartition(":")[2] in str(one.cmdline())
        )
        start = server.cmdline()
        stack = Stack(tmp_path, own, {"namespace": "away", "config_maps": 60})
        running = stack.start_up()
        until(lambda: own.get("/api/v1/namespaces/away") is not None and len(stack.objects()) >= 5, "some objects")
        server.kill()
        assert running.wait() == 1
        with pytest.raises(EngineFailed):
            stack.up()
        assert "the API server does not answer" in capfd.readouterr().out
        with subprocess.Popen(start, cwd=tmp_path / "cluster", stderr=subprocess.DEVNULL) as again:
            until(lambda: answering(own), "the API server answers again")
            stack.up()
            assert len(stack.objects()) == 60
            assert stack.up().changed == 0
            again.terminate()


def answering(cluster: ControlPlane) -> bool:
    try:
        return cluster.client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def test_an_installed_plugin_is_the_one_that_applies(cluster: ControlPlane, tmp_path: Path) -> None:
    """It lies where `pulumi plugin install` puts it, and notes that it was started."""
    stack = Stack(tmp_path, cluster, {"namespace": "own-plugin", "config_maps": 1})
    folder = tmp_path / "home/plugins/resource-kubernetes-v4.32.0"
    folder.mkdir(parents=True)
    ours = Path(__file__).parents[2] / "sandbox/provider/pulumi-resource-kubernetes"
    plugin = folder / "pulumi-resource-kubernetes"
    plugin.write_text(f'#!/bin/sh\ntouch "{tmp_path}/started"\nexec "{sys.executable}" "{ours}" "$@"\n')
    plugin.chmod(0o755)
    assert stack.up().changes == {"create": 4}
    assert (tmp_path / "started").exists()
    assert stack.told == []
