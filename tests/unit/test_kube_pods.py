"""`status` of a cluster: what a pod says of itself, beside what the metrics API says."""

from typing import Any

import pytest

from homelab.kube.pods import usage_of
from homelab.local.memory import Usage


def pod(ready: str, state: dict[str, Any], limit: str | None = "640Mi") -> dict[str, Any]:
    resources = {} if limit is None else {"limits": {"memory": limit}}
    return {
        "metadata": {"name": "docling-7", "labels": {"app.kubernetes.io/name": "docling"}},
        "spec": {"containers": [{"name": "docling", "resources": resources}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "docling", "restartCount": 2, "state": state}],
        },
    }


def test_a_pod_is_told_as_a_service_by_its_consumer() -> None:
    used = {"docling-7": 150 * 1024**2 + 1}
    assert usage_of(pod("True", {"running": {}}), used) == Usage(
        service="docling-7",
        consumer="extract",
        state="ready",
        pid=None,
        rss_mib=151,
        peak_mib=None,
        limit_mib=640,
        source="cgroup",
        restarts=2,
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [({"waiting": {"reason": "ImagePullBackOff"}}, "ImagePullBackOff"), ({"running": {}}, "not ready")],
)
def test_a_pod_that_is_not_ready_says_what_it_waits_for(state: dict[str, Any], told: str) -> None:
    assert usage_of(pod("False", state), {}).state == told


def test_without_metrics_or_limit_nothing_is_made_up() -> None:
    bare = usage_of(pod("True", {"running": {}}, limit=None), {})
    assert (bare.rss_mib, bare.limit_mib) == (0, None)
