"""The sandbox is a Kubernetes: pods run, find each other, stay inside their limits, and are measured."""

import json
import os
import signal
from pathlib import Path

import httpx
import pytest
from sandboxes import kubectl, load_busybox, pod_limits

from homelab.errors import SandboxError
from homelab.facts import load as load_facts
from homelab.lab import load as load_lab
from homelab.planner import plan_lab
from homelab.sandbox import boot, lifecycle, status
from homelab.sandbox.layout import Sandbox
from servers import until

pytestmark = pytest.mark.timeout(600)

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: web
          image: localhost/homelab/busybox:test
          imagePullPolicy: Never
          command: [/busybox, httpd, -f, -p, "8080", -h, /]
          readinessProbe: {httpGet: {path: /etc/hostname, port: 8080}, periodSeconds: 1}
          resources: {requests: {cpu: 20m, memory: 64Mi}, limits: {memory: 64Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 2
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
"""
KEEPER = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata: {name: keeper}
spec:
  containers:
    - name: keeper
      image: localhost/homelab/busybox:test
      imagePullPolicy: Never
      command: [/busybox, sleep, "3600"]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: kept}}]
  terminationGracePeriodSeconds: 0
"""


@pytest.fixture(scope="module")
def web(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A running deployment: its pod's name and uid, its service's address."""
    load_busybox(sandbox, tmp_path_factory.mktemp("image"))
    kubectl(sandbox, "apply", "--filename=-", given=WEB)
    kubectl(sandbox, "rollout", "status", "deployment/web", "--timeout=120s")
    [pod] = json.loads(kubectl(sandbox, "get", "pods", "--selector=app=web", "--output=json"))["items"]
    service = json.loads(kubectl(sandbox, "get", "service", "web", "--output=json"))
    found = {
        "pod": pod["metadata"]["name"],
        "uid": pod["metadata"]["uid"],
        "ip": pod["status"]["podIP"],
        "service": service["spec"]["clusterIP"],
    }
    until(lambda: _answers(found), "kube-proxy knows the service")
    return found


def test_a_service_answers_this_machine_and_a_pod(sandbox: Sandbox, web: dict[str, str]) -> None:
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"http://{web['service']}/etc/hostname").text.strip() == web["pod"]
        assert client.get(f"http://{web['ip']}:8080/etc/hostname").text.strip() == web["pod"]
    said = kubectl(sandbox, "exec", web["pod"], "--", "/busybox", "wget", "-qO-", "http://web/etc/hostname")
    assert said.strip() == web["pod"]


def test_names_resolve_in_a_pod(sandbox: Sandbox, web: dict[str, str]) -> None:
    said = kubectl(sandbox, "exec", web["pod"], "--", "/busybox", "nslookup", "web.default.svc.cluster.local")
    assert f"Address: {web['service']}" in said


def test_the_kernel_holds_a_pod_to_its_limit(sandbox: Sandbox, web: dict[str, str]) -> None:
    assert 64 * 1024**2 in pod_limits("sandbox", web["uid"])


def test_pods_are_measured_and_the_autoscaler_reads_it(sandbox: Sandbox, web: dict[str, str]) -> None:
    def active() -> bool:
        hpa = json.loads(kubectl(sandbox, "get", "hpa", "web", "--output=json"))
        return any(
            one["type"] == "ScalingActive" and one["status"] == "True"
            for one in hpa["status"].get("conditions", ())
        )

    until(active, "the autoscaler has measurements", patience=90)
    assert web["pod"] in kubectl(sandbox, "top", "pods")
    assert "sandbox" in kubectl(sandbox, "top", "nodes")


def test_a_volume_keeps_its_data_when_its_pod_goes(sandbox: Sandbox, web: dict[str, str]) -> None:
    kubectl(sandbox, "apply", "--filename=-", given=KEEPER)
    kubectl(sandbox, "wait", "--for=condition=Ready", "pod/keeper", "--timeout=120s")
    kubectl(sandbox, "exec", "keeper", "--", "/busybox", "touch", "/data/here")
    kubectl(sandbox, "delete", "pod", "keeper")
    kubectl(sandbox, "apply", "--filename=-", given=KEEPER)
    kubectl(sandbox, "wait", "--for=condition=Ready", "pod/keeper", "--timeout=60s")
    assert "here" in kubectl(sandbox, "exec", "keeper", "--", "/busybox", "ls", "/data")
    kubectl(sandbox, "delete", "--filename=-", given=KEEPER)


def test_the_lab_that_it_writes_can_be_planned(sandbox: Sandbox) -> None:
    lab = load_lab(sandbox.lab)
    assert lab.cluster is not None
    assert lab.cluster.nodes == {"sandbox": "sandbox"}
    assert plan_lab(lab).host("sandbox").facts == load_facts(lab.facts_dir / "sandbox.json")


def test_a_second_up_leaves_all_as_it_is(sandbox: Sandbox) -> None:
    before = {(one.program, one.pid) for one in status.programs(sandbox)}
    told: list[str] = []
    lifecycle.up(None, lambda progress: told.append(progress.did), sandbox.root)
    assert {(one.program, one.pid) for one in status.programs(sandbox)} == before
    assert "started" not in told


def test_another_number_of_nodes_is_refused_with_the_mend(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"--nodes 3, while .* is one of 1 .* sandbox-down --delete-data"):
        lifecycle.up(3, print, sandbox.root)


def test_a_second_sandbox_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="another checkout's runs"):
        lifecycle.up(1, print, tmp_path / ".sandbox")
    with pytest.raises(SandboxError, match="another checkout's runs"):
        lifecycle.down(print, tmp_path / ".sandbox")
    assert boot.first_process(sandbox.control) is not None


def test_a_program_that_dies_is_started_again(sandbox: Sandbox) -> None:
    [before] = [one for one in status.programs(sandbox) if one.program == "kube-scheduler"]
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)

    def again() -> bool:
        [now] = [one for one in status.programs(sandbox) if one.program == "kube-scheduler"]
        return now.state == "running" and now.pid not in (None, before.pid) and now.restarts == before.restarts + 1

    until(again, "the scheduler runs again")


def test_a_node_that_lost_its_power_comes_back_with_its_pods(sandbox: Sandbox, web: dict[str, str]) -> None:
    lifecycle.kill("sandbox", sandbox.root)
    assert boot.first_process(sandbox.nodes[0]) is None
    lifecycle.start("sandbox", print, sandbox.root)
    until(lambda: _answers(web), "the pod answers again", patience=120)


def _answers(web: dict[str, str]) -> bool:
    try:
        return httpx.get(f"http://{web['service']}/etc/hostname", timeout=1, trust_env=False).is_success
    except httpx.TransportError:
        return False
