"""The policy pack, asked by the real engine: what it forbids is not made."""

import json
import os
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from control_plane import ControlPlane

from homelab import lab, tools
from homelab.engine import Engine, Summary
from homelab.errors import EngineFailed
from homelab.imagined import RECORDED

PROGRAM = Path(__file__).parent / "judged"
OURS = "ai-infrastructure"
LAB = """\
version: 1
facts_max_age_days: 36500
hosts: {desktop-64g: {address: desktop.lan, user: lab, place: [nats]}}
cluster: {context: tests, nodes: {desktop-64g: desktop}}
"""
CANARY = "canary-93b1f0e2d7c4"


def named(version: str, kind: str, name: str, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": OURS}, **rest}


CLEAN: list[dict[str, Any]] = [
    {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": OURS, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
    },
    named(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "default-deny",
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    ),
    named("v1", "Secret", "login", stringData={"password": CANARY}),
    named("v1", "ConfigMap", "settings", data={"threads": "4"}),
]


class Judged:
    """`manifests` as a stack of a lab of its own."""

    def __init__(self, folder: Path, cluster: ControlPlane, manifests: list[dict[str, Any]]) -> None:
        if tools.find("pulumi") is None:
            pytest.skip("pulumi is not built: ./lab tools etcd kubernetes pulumi")
        (folder / "lab.yaml").write_text(LAB, encoding="utf-8")
        (folder / "facts").mkdir()
        shutil.copy(RECORDED / "desktop-64g.json", folder / "facts")
        environ = {
            **os.environ,
            "PULUMI_HOME": str(folder / "home"),
            "KUBECONFIG": str(cluster.kubeconfig),
            "MANIFESTS": json.dumps(manifests),
        }
        self._engine = Engine(
            lab.load(folder / "lab.yaml"), "a passphrase of tests only", str, environ=environ, source=PROGRAM
        )

    def preview(self) -> Summary:
        return self._engine.preview("judged")

    def up(self) -> Summary:
        return self._engine.up("judged", agreed=True)

    def down(self) -> None:
        self._engine.down("judged", agreed=True)


def test_a_stack_that_keeps_every_policy_is_deployed(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Judged(tmp_path, cluster, CLEAN)
    assert stack.preview().changes == {"create": 6}  # with the stack itself and its provider
    assert stack.up().changes == {"create": 6}
    stack.down()


def test_a_forbidden_object_stops_the_preview_and_is_told_with_its_mend(
    cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    door = named("v1", "Service", "door", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})
    with pytest.raises(EngineFailed):
        Judged(tmp_path, cluster, [*CLEAN, door]).preview()
    told = " ".join(capfd.readouterr().out.split())
    assert "[mandatory] services-inside" in told
    assert (
        "Service/door spec.type · LoadBalancer · it opens a door [services.inside] · "
        "keep type: ClusterIP; the tailnet's subnet route reaches it"
    ) in told


def test_nothing_is_made_of_a_stack_that_is_wrong_only_as_a_whole(
    cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = deepcopy(CLEAN)
    broken[3]["data"]["greeting"] = f"hello {CANARY}"
    places = [f"/api/v1/namespaces/{OURS}{path}" for path in ("", "/secrets/login", "/configmaps/settings")]
    before = [cluster.get(place) for place in places]
    assert before[1:] == [None, None]  # of the namespace alone there may be one that another test left
    with pytest.raises(EngineFailed):
        Judged(tmp_path, cluster, broken).up()
    told = " ".join(capfd.readouterr().out.split())
    assert "ConfigMap/settings data.greeting · the value of login.password" in told
    assert CANARY not in told
    assert [cluster.get(place) for place in places] == before
