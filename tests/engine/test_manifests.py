"""What every recorded machine would deploy, taken by a real API server (nothing is kept) and by the schemas."""

import json

import kubernetes_validate
import pytest
from control_plane import ControlPlane

from homelab import policy
from unit.rendering import ABLE, STACKS, Manifest, machine, rendered

NAMESPACE = "ai-infrastructure"

PLURALS = {
    "Namespace": "namespaces",
    "NetworkPolicy": "networkpolicies",
    "Secret": "secrets",
    "ConfigMap": "configmaps",
    "Service": "services",
    "EndpointSlice": "endpointslices",
    "StatefulSet": "statefulsets",
    "Deployment": "deployments",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "PodDisruptionBudget": "poddisruptionbudgets",
    "Job": "jobs",
    "CronJob": "cronjobs",
}


def path(manifest: Manifest) -> str:
    version, name = manifest["apiVersion"], manifest["metadata"]["name"]
    root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
    inside = "" if manifest["kind"] == "Namespace" else f"/namespaces/{manifest['metadata']['namespace']}"
    return f"{root}{inside}/{PLURALS[manifest['kind']]}/{name}"


@pytest.fixture(scope="module")
def taking(cluster: ControlPlane) -> ControlPlane:
    """With the namespace that everything is put into, and its standard for pods."""
    if cluster.get(f"/api/v1/namespaces/{NAMESPACE}") is None:
        standard = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        cluster.make("/api/v1/namespaces", {"metadata": {"name": NAMESPACE, "labels": standard}})
    return cluster


@pytest.mark.parametrize("host", ABLE)
def test_the_api_server_takes_every_object_without_a_warning(taking: ControlPlane, host: str) -> None:
    for stack in STACKS:
        for manifest in rendered(host, stack):
            answer = taking.client.patch(
                path(manifest),
                params={"dryRun": "All", "fieldManager": "test", "fieldValidation": "Strict", "force": "true"},
                content=json.dumps(manifest),
                headers={"Content-Type": "application/apply-patch+yaml"},
            )
            assert answer.is_success, f"{path(manifest)}: {answer.text}"
            assert "warning" not in answer.headers, f"{path(manifest)}: {answer.headers['warning']}"


@pytest.mark.parametrize("host", ABLE)
def test_it_is_what_the_schemas_allow(host: str) -> None:
    for stack in STACKS:
        for manifest in rendered(host, stack):
            kubernetes_validate.validate(manifest, "1.36", strict=True)


@pytest.mark.parametrize("host", ABLE)
def test_no_policy_is_broken_on_any_machine(host: str) -> None:
    for stack in STACKS:
        what = machine(host, stack)
        ledger = policy.ledger_of(what.lab, what.plan)
        assert [str(violation.problem) for violation in policy.check(rendered(host, stack), ledger)] == []
