"""Phase 2 with and without the collector and OpenObserve: who is told where to tell of its work."""

from functools import cache
from typing import Any

import pytest

from homelab import policy
from homelab.consumers import LOCAL
from homelab.render import Chosen, chosen
from unit.rendering import LAB, Manifest, app, containers, objects, one, rendered, templates

HOST, PIPELINE = "desktop-32g", "phase2-pipeline"

WORKLOADS = {"docling", "chunk", "embed", "cognee", "api", "checks-phase2-pipeline"}


@cache
def placed(*extras: str) -> Chosen:
    return chosen(LAB, HOST, (*LOCAL, *extras))


@cache
def found(*extras: str) -> tuple[Manifest, ...]:
    return objects(placed(*extras), PIPELINE)


def told(manifests: tuple[Manifest, ...], prefix: str) -> dict[str, dict[str, Any]]:
    """App → those of its variables whose names begin so: values, or the Secret and key that they come from."""
    variables: dict[str, dict[str, Any]] = {}
    for _, template in templates(manifests):
        for container in containers(template):
            for variable in container.get("env", ()):
                if variable["name"].startswith(prefix):
                    key = variable.get("valueFrom", {}).get("secretKeyRef")
                    value = variable.get("value") if key is None else (key["name"], key["key"])
                    variables.setdefault(app(template), {})[variable["name"]] = value
    return variables


def test_with_a_collector_every_workload_of_the_pipeline_tells_it_under_its_own_name() -> None:
    assert told(found("collector"), "OTEL_") == {
        name: {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "OTEL_SERVICE_NAME": name}
        for name in WORKLOADS
    }


def test_without_one_nobody_is_told_of_any() -> None:
    assert told(rendered(HOST, PIPELINE), "OTEL_") == {}


def test_what_was_told_is_looked_for_where_openobserve_is_placed_and_nowhere_else() -> None:
    with_both = told(found("collector", "openobserve"), "LAB_OPENOBSERVE")
    assert with_both == {
        "checks-phase2-pipeline": {
            "LAB_OPENOBSERVE_URL": "http://openobserve:5080/api/default",
            "LAB_OPENOBSERVE_EMAIL": ("openobserve", "email"),
            "LAB_OPENOBSERVE_PASSWORD": ("openobserve", "password"),
        }
    }
    assert told(found("collector"), "LAB_OPENOBSERVE") == {}


@pytest.mark.parametrize("target", ["collector", "openobserve"])
def test_the_checks_may_ask_both(target: str) -> None:
    policy = one(found("collector", "openobserve"), "NetworkPolicy", target)
    sources = [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    ]
    assert "checks-phase2-pipeline" in sources


def test_the_policies_have_nothing_against_both() -> None:
    what = placed("collector", "openobserve")
    broken = policy.check(found("collector", "openobserve"), policy.ledger_of(what.lab, what.plan))
    assert [str(violation.problem) for violation in broken] == []
