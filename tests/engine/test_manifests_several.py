"""The lab of six machines, taken by a real API server that knows KEDA's objects, and by the schemas."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from control_plane import ControlPlane
from test_manifests import NAMESPACE, PLURALS

from homelab.lab.values import ROOT
from servers import until
from unit.rendering import Manifest
from unit.test_scale_out import STACKS, found

KEDA = "github.com/kedacore/keda/v2@v2.18.1"
SUM = "h1:h6bRt/IOxxtZpJlHSqhdH/lcInH7Z9obxg/JvWOmGAw="
"""Of the module, as its go.sum line would say: the schema is this one and no other."""

OURS = {"ScaledObject": ("keda.sh/v1alpha1", "scaledobjects")}
UNKNOWN = {"Cluster"}
"""Of operators whose schemas cannot be had here; a snapshot shows their objects."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """KEDA's own definition of a ScaledObject."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed: apt install golang")
    done = subprocess.run(
        ["go", "mod", "download", "-json", KEDA], capture_output=True, text=True, check=True, cwd=ROOT / "docs"
    )
    module = json.loads(done.stdout)
    assert module["Sum"] == SUM
    text = (Path(module["Dir"]) / "config/crd/bases/keda.sh_scaledobjects.yaml").read_text("utf-8")
    made: dict[str, Any] = yaml.safe_load(text)
    return made


@pytest.fixture(scope="module")
def taking(cluster: ControlPlane, schema: dict[str, Any]) -> ControlPlane:
    if cluster.get(f"/api/v1/namespaces/{NAMESPACE}") is None:
        cluster.make("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    if cluster.get(f"{definitions}/{schema['metadata']['name']}") is None:
        cluster.make(definitions, schema)
    until(lambda: cluster.get("/apis/keda.sh/v1alpha1") is not None, "KEDA's API is served")
    return cluster


def path(manifest: Manifest) -> str:
    version, name = manifest["apiVersion"], manifest["metadata"]["name"]
    root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    inside = "" if manifest["kind"] == "Namespace" else f"/namespaces/{manifest['metadata']['namespace']}"
    plural = OURS[manifest["kind"]][1] if manifest["kind"] in OURS else PLURALS[manifest["kind"]]
    return f"{root}{inside}/{plural}/{name}"


@pytest.mark.parametrize("stack", STACKS)
def test_the_api_server_takes_every_object_of_the_six(taking: ControlPlane, stack: str) -> None:
    for manifest in found(stack):
        if manifest["kind"] in UNKNOWN:
            continue
        answer = taking.client.patch(
            path(manifest),
            params={"dryRun": "All", "fieldManager": "test", "fieldValidation": "Strict", "force": "true"},
            content=json.dumps(manifest),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, f"{path(manifest)}: {answer.text}"
        assert "warning" not in answer.headers, f"{path(manifest)}: {answer.headers['warning']}"


@pytest.mark.parametrize("stack", STACKS)
def test_the_six_are_what_the_schemas_allow(stack: str) -> None:
    for manifest in found(stack):
        if manifest["kind"] not in OURS.keys() | UNKNOWN:
            kubernetes_validate.validate(manifest, "1.36", strict=True)


def test_the_schema_refuses_what_keda_does_not_know(taking: ControlPlane) -> None:
    """So that what it takes says something."""
    (scaler,) = (
        m for m in found("phase2-pipeline") if m["kind"] == "ScaledObject" and m["metadata"]["name"] == "docling"
    )
    wrong = {**scaler, "spec": {**scaler["spec"], "maxReplicas": 3}}
    answer = taking.client.patch(
        path(wrong),
        params={"dryRun": "All", "fieldManager": "test", "fieldValidation": "Strict"},
        content=json.dumps(wrong),
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert not answer.is_success
    assert "maxReplicas" in answer.text
