"""Sandboxes of their own: what an interrupted start leaves, and three nodes on one machine."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from sandboxes import kubectl, load_busybox, must_be_possible, sandbox_in, traces

from homelab.errors import SandboxError
from homelab.facts import load as load_facts
from homelab.lab import load as load_lab
from homelab.planner import plan_lab
from homelab.sandbox import boot, cgroups, lifecycle, status
from homelab.sandbox.layout import Sandbox, of
from servers import until

pytestmark = pytest.mark.timeout(600)

UP = """
import sys
from pathlib import Path
from homelab.sandbox import lifecycle
lifecycle.up(1, lambda progress: print(progress.did, flush=True), Path(sys.argv[1]))
"""
ECHO = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: echo}
spec:
  selector: {matchLabels: {app: echo}}
  template:
    metadata: {labels: {app: echo}}
    spec:
      containers:
        - name: echo
          image: localhost/homelab/busybox:test
          imagePullPolicy: Never
          command: [/busybox, httpd, -f, -p, "8080", -h, /]
          readinessProbe: {httpGet: {path: /etc/hostname, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  selector: {app: echo}
  ports: [{port: 80, targetPort: 8080}]
"""


def test_an_up_that_is_interrupted_leaves_nothing_once_it_is_down(tmp_path: Path) -> None:
    must_be_possible()
    root = tmp_path / ".sandbox"
    before = traces(root)
    command = [sys.executable, "-c", UP, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGINT)
    assert process.returncode != 0
    assert cgroups.processes()
    assert lifecycle.down([].append, root)
    assert traces(root) == before
    assert not lifecycle.down([].append, root)


def _removed(folder: Path) -> bool:
    """Once is not always enough: kubelet makes files in it meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def test_a_sandbox_whose_folder_was_removed_is_ended_from_any_checkout(tmp_path: Path) -> None:
    must_be_possible()
    gone, other = tmp_path / "gone/.sandbox", tmp_path / "other/.sandbox"
    before = traces(gone)
    lifecycle.up(1, [].append, gone)
    try:
        with pytest.raises(SandboxError, match="another checkout's runs"):
            lifecycle.down([].append, other)
        until(lambda: _removed(gone), "its folder is removed")
        with pytest.raises(SandboxError, match=r"one runs whose folder was removed · \./lab sandbox-down"):
            lifecycle.up(1, [].append, other)
        assert lifecycle.down([].append, other)
        assert traces(gone) == before
    finally:
        lifecycle.down([].append, gone)


def test_a_killed_up_lets_the_next_one_go_on(tmp_path: Path) -> None:
    root = tmp_path / ".sandbox"
    must_be_possible()
    command = [sys.executable, "-c", UP, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
    control = boot.first_process(of(1, root).control)
    assert control is not None
    try:
        lifecycle.up(1, [].append, root)
        assert boot.first_process(of(1, root).control) == control
    finally:
        lifecycle.down([].append, root)


def test_three_nodes_are_one_cluster_that_outlives_one_of_them(tmp_path: Path) -> None:
    with sandbox_in(tmp_path / ".sandbox", nodes=3) as sandbox:
        load_busybox(sandbox, tmp_path)
        lab = load_lab(sandbox.lab)
        parts = [load_facts(lab.facts_dir / f"{node.name}.json").homelab.total_ram_mb for node in sandbox.nodes]
        assert parts == [psutil.virtual_memory().total // 1024**2 // 3] * 3
        for node in status.machines(sandbox)[1:]:
            assert node.limit_mib == parts[0]
        assert [plan.name for plan in plan_lab(lab).hosts] == ["sandbox-1", "sandbox-2", "sandbox-3"]

        kubectl(sandbox, "apply", "--filename=-", given=ECHO)
        kubectl(sandbox, "rollout", "status", "daemonset/echo", "--timeout=180s")
        pods = json.loads(kubectl(sandbox, "get", "pods", "--selector=app=echo", "--output=json"))["items"]
        assert {pod["spec"]["nodeName"] for pod in pods} == {"sandbox-1", "sandbox-2", "sandbox-3"}
        for pod in pods:
            for other in pods:
                url = f"http://{other['status']['podIP']}:8080/etc/hostname"
                said = kubectl(sandbox, "exec", pod["metadata"]["name"], "--", "/busybox", "wget", "-qO-", url)
                assert said.strip() == other["metadata"]["name"]

        lifecycle.kill("sandbox-1", sandbox.root)
        address = kubectl(sandbox, "get", "service", "echo", "--output=jsonpath={.spec.clusterIP}")

        def only_the_living_answer() -> bool:
            path = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
            return kubectl(sandbox, "get", "node", "sandbox-1", f"--output={path}") == "Unknown"

        until(only_the_living_answer, "the dead node is noticed", patience=60)
        until(lambda: _endpoints(sandbox) == 2, "its pod is no endpoint any more", patience=60)
        for _ in range(10):
            assert httpx.get(f"http://{address}/etc/hostname", timeout=5, trust_env=False).is_success
        lifecycle.start("sandbox-1", [].append, sandbox.root)
        until(lambda: _endpoints(sandbox) == 3, "its pod answers again", patience=120)


def _endpoints(sandbox: Sandbox) -> int:
    selector = "--selector=kubernetes.io/service-name=echo"
    [part] = json.loads(kubectl(sandbox, "get", "endpointslices", selector, "--output=json"))["items"]
    return sum(bool(one["conditions"].get("ready")) for one in part["endpoints"] or ())
