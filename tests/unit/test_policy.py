"""Each policy's own judgement, on manifests that differ from the clean ones in one thing."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from manifests import GIB, LEDGER, MIB, clean, named

from homelab.policy import POLICIES, Allowance, Ledger, PolicyViolated, check, ledger_of
from homelab.policy.exceptions import Excepted, apply
from homelab.policy.quantity import parse
from homelab.policy.secrets import names_a_secret
from homelab.policy.violation import Violation
from unit.test_scale_out import six

Change = Callable[[list[dict[str, Any]]], None]


def told(change: Change, ledger: Ledger = LEDGER) -> list[str]:
    manifests = clean()
    change(manifests)
    return [str(violation.problem) for violation in check(manifests, ledger)]


def nats(manifests: list[dict[str, Any]]) -> Any:
    return named(manifests, "StatefulSet", "nats")["spec"]["template"]["spec"]


def test_the_clean_set_raises_no_alarm() -> None:
    assert told(lambda manifests: None) == []


def test_a_violation_says_where_what_why_and_the_mend() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        nats(manifests)["containers"][0]["image"] = "nats:latest"

    assert told(change) == [
        "StatefulSet/nats spec.template.spec.containers[0].image · nats:latest · "
        "latest can become another image [images.pinned] · "
        "write the exact version, or name@sha256:…, in stacks/images.yaml"
    ]


def test_memory_above_the_ledger_is_told_with_both_numbers() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        nats(manifests)["containers"][0]["resources"]["limits"]["memory"] = "1025Mi"

    assert told(change) == [
        "StatefulSet/nats spec.template.spec · 1025 MiB of 1024 MiB · "
        "the ledger gives nats no more memory [limits.ledger] · take it from the component's spec, "
        "which the ledger made"
    ]


def test_containers_that_run_together_are_counted_together() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        one = nats(manifests)["containers"][0]
        one["resources"]["limits"] = {"memory": "1000Mi", "cpu": "200m"}
        nats(manifests)["containers"].append({**one, "name": "second"})

    assert [line.split(" · ")[1] for line in told(change)] == ["2000 MiB of 1024 MiB"]


def test_an_init_container_runs_before_the_others_and_is_not_added_to_them() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        one = nats(manifests)["containers"][0]
        nats(manifests)["initContainers"] = [{**one, "name": "first"}]

    assert told(change) == []


def test_a_rollout_that_starts_the_next_pod_beside_the_old_one_needs_memory_that_is_not_there() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        spec = named(manifests, "Deployment", "docling")["spec"]
        spec.update(replicas=3, strategy={"type": "RollingUpdate"})  # a quarter more by default, rounded up

    assert [line.split(" · ")[:2] for line in told(change)] == [
        ["Deployment/docling spec.strategy.rollingUpdate.maxSurge", "4 of 3"]
    ]


def test_replicas_share_the_disk() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        named(manifests, "StatefulSet", "nats")["spec"]["replicas"] = 3

    workloads = {**LEDGER.workloads, "nats": Allowance("nats", 1024 * MIB, 400, 3)}
    three = replace(LEDGER, workloads=workloads, disk={"nats": 59 * GIB})
    assert "60.0 GiB of 59.0 GiB" in [line.split(" · ")[1] for line in told(change, three)]


def test_the_value_of_a_secret_is_never_told() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        nats(manifests)["containers"][0]["env"].append({"name": "LOGIN", "value": "canary-4f7d1c9ab2e8"})

    (line,) = told(change)
    assert "the value of nats.password" in line
    assert "canary" not in line


def test_a_secret_of_another_stack_is_known_too() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        named(manifests, "ConfigMap", "nats")["data"]["motto"] = "bWFnaWNpc21pZ2h0"

    assert told(change) == []
    ledger = replace(LEDGER, secrets={"bWFnaWNpc21pZ2h0": "litellm.master_key"})
    assert [line.split(" · ")[1] for line in told(change, ledger)] == ["the value of litellm.master_key"]


def test_a_flow_that_is_not_listed_is_told_by_its_two_ends() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        peer = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "chunk"}}}
        rule = {"from": [peer], "ports": [{"port": 8222}]}
        named(manifests, "NetworkPolicy", "nats")["spec"]["ingress"].append(rule)

    assert [line.split(" · ")[1] for line in told(change)] == ["chunk → nats:8222"]


def test_a_door_outside_is_open_only_where_lab_yaml_leads() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        named(manifests, "NetworkPolicy", "docling")["spec"]["egress"].append({"ports": [{"port": 443}]})

    assert [line.split(" · ")[1] for line in told(change)] == ["docling → the internet:443"]
    led = replace(LEDGER, outside=frozenset({("docling", 443)}))
    assert told(change, led) == []


def test_a_forgotten_flow_is_told_at_the_end_where_it_is_closed() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        named(manifests, "NetworkPolicy", "docling")["spec"]["egress"] = []

    assert [line.split(" · ")[:3] for line in told(change)] == [
        [
            "Deployment/docling",
            "docling → nats:4222",
            "no network policy opens its egress [flows.complete]",
        ]
    ]


def test_two_objects_of_one_name_are_told() -> None:
    def change(manifests: list[dict[str, Any]]) -> None:
        manifests.append(named(manifests, "ConfigMap", "nats"))

    assert [line.split(" · ")[:2] for line in told(change)] == [["ConfigMap/nats metadata.name", "nats"]]


def test_violations_are_one_refusal_with_all_problems() -> None:
    manifests = clean()
    nats(manifests)["hostNetwork"] = nats(manifests)["hostPID"] = True
    refusal = PolicyViolated(check(manifests, LEDGER))
    assert [problem.where for problem in refusal.problems] == [
        "StatefulSet/nats spec.template.spec.hostNetwork",
        "StatefulSet/nats spec.template.spec.hostPID",
    ]
    assert [violation.rule for violation in refusal.violations] == ["host.namespaces"] * 2


def test_names_of_policies_are_their_own() -> None:
    assert len({policy.name for policy in POLICIES}) == len(POLICIES)


HOST_PATH = Violation("host.volumes", "Deployment/docling", "spec.volumes[0].hostPath", "/dev", "why", "fix")
ALLOWED = Excepted("host.volumes", "Deployment/docling", "volumes[0]", "the microphone")


def test_an_exception_covers_its_rule_on_its_object_alone() -> None:
    manifests = [named(clean(), "Deployment", "docling")]
    other = Violation("host.volumes", "Deployment/docling", "spec.volumes[1].hostPath", "/etc", "why", "fix")
    assert list(apply(manifests, iter([HOST_PATH, other]), (ALLOWED,))) == [other]


def test_an_exception_that_nothing_needs_is_a_violation() -> None:
    manifests = [named(clean(), "Deployment", "docling")]
    (unused,) = apply(manifests, iter(()), (ALLOWED,))
    assert (unused.rule, unused.given) == ("exceptions.used", "host.volumes: the microphone")


def test_an_exception_for_an_object_of_another_stack_says_nothing() -> None:
    assert list(apply([named(clean(), "StatefulSet", "nats")], iter(()), (ALLOWED,))) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("512Mi", Decimal(536870912)),
        ("250m", Decimal("0.25")),
        ("2", Decimal(2)),
        ("1.5Gi", Decimal(1610612736)),
        ("1e3", Decimal(1000)),
        ("12E", Decimal(12 * 10**18)),
        ("512MB", None),
        ("", None),
        ("Mi", None),
        (None, None),
    ],
)
def test_quantities_are_read_as_kubernetes_reads_them(text: object, value: Decimal | None) -> None:
    assert parse(text) == value


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "apiKey", "LAB_S3_SECRET_KEY", "rpc_secret", "litellm-key"])
def test_names_of_secrets_are_known(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["LAB_CHUNK_TOKENS", "PASSWORD_FILE", "SECRETS_DIR", "MONKEY", "KEYSPACE"])
def test_names_of_other_things_are_not(name: str) -> None:
    assert not names_a_secret(name)


def test_pods_that_are_spread_evenly_are_as_many_as_the_smallest_ledger_holds_on_each_host() -> None:
    """The tower's alone holds three extractors; a seventh would come to a host that holds two."""
    what = six()
    holds = {
        host.name: host.budget.line("extract").replicas_max for host in what.plan.hosts if "extract" in host.budget
    }
    assert holds == {"tower": 3, "office": 2, "closet": 2}
    allowed = ledger_of(what.lab, what.plan).workloads["docling"]
    assert (allowed.pods, allowed.hosts) == (6, 3)
