"""The policies against the pods by which Kubernetes tests its own pod security standards."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from manifests import LEDGER

from homelab.policy import check

_FILE = Path(__file__).parents[1] / "fixtures/manifests/pod-security.yaml"
REFUSED: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
SOUND: dict[str, Any] = {
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "automountServiceAccountToken": False,
    "containers": [
        {
            "name": "main",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    ],
}


def broken(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> set[str]:
    """The rules about the node and the pod's rights that it breaks."""
    metadata = {"name": "pod", "namespace": "ai-infrastructure", "annotations": annotations}
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    return {one.rule for one in check([manifest], LEDGER) if one.rule.startswith(("security.", "host."))}


def beyond(name: str) -> dict[str, Any]:
    """The pod, with what we ask and its standard does not; what the pod itself says stays."""
    spec: dict[str, Any] = REFUSED[name]["spec"]
    baseline = name.startswith("baseline-")
    pod = SOUND["securityContext"] if baseline else {"runAsUser": 1000}
    container = SOUND["containers"][0]["securityContext"] if baseline else {"readOnlyRootFilesystem": True}
    made = {**spec, "securityContext": {**pod, **(spec.get("securityContext") or {})}}
    for key in ("containers", "initContainers", "ephemeralContainers"):
        if key in spec:
            made[key] = [
                {**one, "securityContext": {**container, **(one.get("securityContext") or {})}}
                for one in spec[key]
            ]
    return made


def test_a_sound_pod_breaks_no_rule() -> None:
    assert broken(SOUND) == set()


@pytest.mark.parametrize("name", REFUSED)
def test_what_kubernetes_refuses_is_refused(name: str) -> None:
    assert broken(beyond(name), REFUSED[name].get("annotations"))
