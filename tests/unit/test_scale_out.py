"""Six machines: the stores on three of them, the work on four; and one machine as it always was."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab import planner, policy
from homelab.errors import InvalidInput
from homelab.lab import Lab, load
from homelab.phases.table import PHASES
from homelab.planner import HostPlan
from homelab.render import Chosen
from homelab.render.text import text
from unit.rendering import Manifest, objects, one, rendered
from unit.test_plans import WRITES

FOLDER = Path(__file__).parents[1] / "fixtures/labs/six-node"
CORE, PIPELINE = "phase1-core", "phase2-pipeline"
STACKS = (CORE, PIPELINE, "phase3-inference")
SCALED = ("nats", "garage", "supabase-postgres", "bootstrap", "docling")
"""The apps that are otherwise where there are several of them."""


def six(**changed: tuple[str, ...]) -> Chosen:
    """The lab; hosts with another placement where `changed` says so."""
    lab = load(FOLDER / "lab.yaml")
    hosts = {
        name: host.model_copy(update={"place": changed.get(name, host.place)}) for name, host in lab.hosts.items()
    }
    lab = lab.model_copy(update={"hosts": hosts})
    return Chosen(lab, planner.plan_lab(lab, FOLDER / "facts"))


@cache
def found(stack: str) -> tuple[Manifest, ...]:
    return objects(six(), stack)


def placed(lab: Lab, consumer: str) -> list[str]:
    return [name for name, host in lab.hosts.items() if consumer in host.placed]


def nodes(manifest: Manifest) -> list[str]:
    affinity = manifest["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return [node for term in terms for field in term["matchFields"] for node in field["values"]]


def container(manifest: Manifest) -> dict[str, Any]:
    (main,) = manifest["spec"]["template"]["spec"]["containers"]
    return dict(main)


@pytest.mark.parametrize("app", ["nats", "garage"])
def test_a_store_has_a_pod_on_each_of_its_hosts_and_no_two_on_one(app: str) -> None:
    stateful = one(found(CORE), "StatefulSet", app)
    assert stateful["spec"]["replicas"] == 3
    assert nodes(stateful) == placed(six().lab, app) == ["tower", "office", "closet"]
    (spread,) = stateful["spec"]["template"]["spec"]["topologySpreadConstraints"]
    assert (spread["maxSkew"], spread["minDomains"]) == (1, 3)
    assert spread["topologyKey"] == "kubernetes.io/hostname"
    assert spread["whenUnsatisfiable"] == "DoNotSchedule"
    assert one(found(CORE), "PodDisruptionBudget", app)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("app", ["nats", "garage"])
def test_each_of_them_has_what_the_smallest_host_gives(app: str) -> None:
    what = six()
    budgets = [what.plan.host(name).budget for name in placed(what.lab, app)]
    stateful = one(found(CORE), "StatefulSet", app)
    limit = min(budget.line(app).limit.value for budget in budgets)
    assert container(stateful)["resources"]["limits"]["memory"] == f"{limit}Mi"
    (claim,) = stateful["spec"]["volumeClaimTemplates"]
    disk = min(budget.disk.shares[app].value for budget in budgets)
    assert claim["spec"]["resources"]["requests"]["storage"] == f"{disk}Gi"


def test_what_follows_from_the_disk_follows_from_the_smallest_disk() -> None:
    """The tower as the host with the least memory for NATS, but with the largest disk."""
    what = six()
    disks = {name: what.plan.host(name).budget.disk.shares["nats"].value for name in ("tower", "office", "closet")}
    config = one(found(CORE), "ConfigMap", "nats")["data"]["nats.conf"]
    assert f"max_file_store: {min(disks.values())}GiB" in config
    job = next(one for one in found(CORE) if one["kind"] == "Job")
    layout, _ = job["spec"]["template"]["spec"]["initContainers"]
    told = {one["name"]: one.get("value") for one in layout["env"]}
    least = min(what.plan.host(name).budget.disk.shares["garage"].value for name in disks)
    assert told["GARAGE_CAPACITY_GIB"] == str(least)


def test_the_streams_have_three_copies_and_every_stage_is_told_the_same() -> None:
    job = next(one for one in found(CORE) if one["kind"] == "Job")
    workers = [one for one in found(PIPELINE) if one["kind"] == "Deployment"]
    assert len(workers) == 5
    for manifest in (job, *workers):
        told = {one["name"]: one.get("value") for one in container(manifest)["env"]}
        assert told["LAB_STREAM_REPLICAS"] == "3"


def test_each_garage_has_an_address_that_no_restart_changes() -> None:
    for number in range(3):
        service = one(found(CORE), "Service", f"garage-{number}")
        assert service["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] == f"garage-{number}"
        assert service["spec"]["publishNotReadyAddresses"] is True
        config = one(found(CORE), "ConfigMap", "garage")["data"][f"garage-{number}.toml"]
        assert f'rpc_public_addr = "garage-{number}:3901"' in config
        assert "replication_factor = 3\nrpc_timeout_msec = 2000\n" in config


def test_the_password_of_the_routes_stands_in_the_secret_alone() -> None:
    hidden = one(found(CORE), "Secret", "nats")["stringData"]
    assert hidden["route-2"] == '"nats://lab:masked@nats-2.nats-peers:6222"'
    assert "nats://" not in text(one(found(CORE), "ConfigMap", "nats"))


def test_the_workers_follow_their_queue_up_to_what_the_ledgers_hold() -> None:
    what = six()
    scaler = one(found(PIPELINE), "ScaledObject", "docling")["spec"]
    lines = [what.plan.host(name).budget.line("extract") for name in placed(what.lab, "extract")]
    assert len(lines) == 3
    assert scaler["scaleTargetRef"] == {"name": "docling"}
    assert scaler["minReplicaCount"] == 3
    assert scaler["maxReplicaCount"] == 3 * min(line.replicas_max for line in lines) > 3
    (trigger,) = scaler["triggers"]
    assert trigger["type"] == "nats-jetstream"
    asked = trigger["metadata"]
    assert asked["natsServerMonitoringEndpoint"] == "nats-peers.ai-infrastructure.svc:8222"
    assert (asked["stream"], asked["consumer"]) == ("INGEST", "extract")
    assert "replicas" not in one(found(PIPELINE), "Deployment", "docling")["spec"]
    assert not [manifest for manifest in found(PIPELINE) if manifest["kind"] == "HorizontalPodAutoscaler"]


def test_keda_may_ask_the_streams_where_it_is_and_nowhere_else() -> None:
    def asked(manifests: tuple[Manifest, ...]) -> list[Any]:
        rules = one(manifests, "NetworkPolicy", "nats")["spec"]["ingress"]
        return [rule for rule in rules if rule["ports"] == [{"protocol": "TCP", "port": 8222}]]

    space = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}
    assert [rule["from"] for rule in asked(found(CORE))] == [[space]]
    assert asked(rendered("desktop-32g", CORE)) == []


def test_without_keda_a_worker_of_several_hosts_is_scaled_by_what_it_uses_up_to_the_same_number() -> None:
    what = six()
    cluster = what.lab.cluster
    assert cluster is not None
    lab = what.lab.model_copy(update={"cluster": cluster.model_copy(update={"operators": ()})})
    scaler = one(objects(Chosen(lab, what.plan), PIPELINE), "HorizontalPodAutoscaler", "docling")["spec"]
    queue = one(found(PIPELINE), "ScaledObject", "docling")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (queue["minReplicaCount"], queue["maxReplicaCount"])


def test_postgres_is_its_operators_with_the_parameters_of_the_plan_under_the_same_name() -> None:
    what = six()
    budgets = [what.plan.host(name).budget for name in placed(what.lab, "postgres")]
    spec = one(found(CORE), "Cluster", "supabase-postgres")["spec"]
    assert spec["instances"] == len(budgets) == 3
    assert spec["resources"]["limits"]["memory"] == f"{min(b.line('postgres').limit.value for b in budgets)}Mi"
    assert spec["storage"]["size"] == f"{min(b.disk.shares['postgres'].value for b in budgets)}Gi"
    parameters = spec["postgresql"]["parameters"]
    least = min((what.plan.host(name) for name in placed(what.lab, "postgres")), key=_memory)
    assert parameters["shared_buffers"] == least.specs["postgres"].settings()["shared_buffers"]
    assert parameters["password_encryption"] == "scram-sha-256"
    assert not {"listen_addresses", "port", "hba_file", "log_destination", "logging_collector"} & parameters.keys()
    (service,) = spec["managed"]["services"]["additional"]
    assert (service["selectorType"], service["serviceTemplate"]["metadata"]["name"]) == ("rw", "supabase-postgres")
    login = one(found(CORE), "Secret", spec["bootstrap"]["initdb"]["secret"]["name"])
    assert (login["type"], login["stringData"]["username"]) == ("kubernetes.io/basic-auth", "lab")
    assert not [
        m for m in found(CORE) if (m["kind"], m["metadata"]["name"]) == ("StatefulSet", "supabase-postgres")
    ]


def _memory(host: HostPlan) -> int:
    return host.budget.line("postgres").limit.value


def test_flows_to_postgres_choose_the_pods_that_its_operator_labels() -> None:
    policies = [m for stack in (CORE, PIPELINE) for m in found(stack) if m["kind"] == "NetworkPolicy"]
    told = "\n".join(text(manifest) for manifest in policies)
    assert "app.kubernetes.io/name: supabase-postgres\n          ports" not in told
    own = one(found(CORE), "NetworkPolicy", "supabase-postgres")["spec"]
    assert own["podSelector"] == {"matchLabels": {"cnpg.io/cluster": "supabase-postgres"}}
    embed = one(found(PIPELINE), "NetworkPolicy", "embed")["spec"]["egress"]
    to = [peer["podSelector"]["matchLabels"] for rule in embed for peer in rule["to"] if "podSelector" in peer]
    assert {"cnpg.io/cluster": "supabase-postgres"} in to


def test_an_operator_changes_nothing_for_postgres_on_one_host() -> None:
    alone = objects(six(office=("nats", "garage"), pi=("chunk", "embed")), CORE)
    assert one(alone, "StatefulSet", "supabase-postgres")["spec"]["replicas"] == 1
    own = one(alone, "NetworkPolicy", "supabase-postgres")["spec"]
    assert own["podSelector"] == {"matchLabels": {"app.kubernetes.io/name": "supabase-postgres"}}


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("resources", {"limits": {"memory": "900Gi", "cpu": "1"}}, "limits.operated"),
        ("resources", {"limits": {"memory": "512Mi"}}, "limits.operated"),
        ("instances", 4, "limits.replicas"),
    ],
)
def test_more_postgres_than_the_ledger_holds_is_a_violation(key: str, value: object, rule: str) -> None:
    what = six()
    whole = one(found(CORE), "Cluster", "supabase-postgres")
    wrong = {**whole, "spec": {**whole["spec"], key: value}}
    others = [manifest for manifest in found(CORE) if manifest is not whole]
    violations = policy.check([*others, wrong], policy.ledger_of(what.lab, what.plan))
    assert {violation.rule for violation in violations} == {rule}


@pytest.mark.parametrize("stack", STACKS)
def test_no_policy_is_broken(stack: str) -> None:
    what = six()
    ledger = policy.ledger_of(what.lab, what.plan)
    assert [str(violation.problem) for violation in policy.check(found(stack), ledger)] == []


def test_every_stack_of_the_lab_is_one_that_there_is() -> None:
    assert set(STACKS) <= PHASES.keys()


def test_two_hosts_are_refused_for_every_store_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        objects(six(closet=("extract", "chunk", "embed")), CORE)
    assert [problem.given for problem in refusal.value.problems] == [
        "nats is placed on tower and office",
        "garage is placed on tower and office",
    ]


ONE_GARAGE = """
args: [-c, /etc/garage/garage.toml, server, --single-node, --default-bucket]
env:
  - {name: GARAGE_DEFAULT_BUCKET, value: raw-documents}
  - {name: RUST_LOG, value: warn}
  - {name: GARAGE_ADMIN_TOKEN, valueFrom: {secretKeyRef: {name: garage, key: admin-token}}}
  - {name: GARAGE_DEFAULT_ACCESS_KEY, valueFrom: {secretKeyRef: {name: garage, key: access-key}}}
  - {name: GARAGE_DEFAULT_SECRET_KEY, valueFrom: {secretKeyRef: {name: garage, key: secret-key}}}
  - {name: GARAGE_RPC_SECRET, valueFrom: {secretKeyRef: {name: garage, key: rpc-secret}}}
ports:
  - {name: s3, containerPort: 3900, protocol: TCP}
  - {name: admin, containerPort: 3903, protocol: TCP}
"""


def test_one_host_has_one_garage_that_serves_itself_and_nothing_among_pods() -> None:
    """As for NATS, whose whole set stands in test_components."""
    alone = rendered("desktop-32g", CORE)
    wanted = yaml.safe_load(ONE_GARAGE)
    main = container(one(alone, "StatefulSet", "garage"))
    assert {key: main[key] for key in wanted} == wanted
    spec = one(alone, "StatefulSet", "garage")["spec"]
    assert (spec["serviceName"], spec["replicas"], "podManagementPolicy" in spec) == ("garage", 1, False)
    assert list(one(alone, "ConfigMap", "garage")["data"]) == ["garage.toml"]
    text = one(alone, "ConfigMap", "garage")["data"]["garage.toml"]
    assert "replication_factor = 1\nblock" in text, "who has no other to ask waits as long as Garage does"
    names = {manifest["metadata"]["name"] for manifest in alone if manifest["kind"] == "Service"}
    assert not {name for name in names if name.endswith("-peers") or re.fullmatch(r"garage-\d", name)}
    assert not [manifest for manifest in alone if manifest["kind"] == "PodDisruptionBudget"]
    job = next(one for one in alone if one["kind"] == "Job")
    assert [first["name"] for first in job["spec"]["template"]["spec"]["initContainers"]] == ["buckets"]
    assert "LAB_STREAM_REPLICAS" not in {variable["name"] for variable in container(job)["env"]}
    for name in ("nats", "garage"):
        rules = one(alone, "NetworkPolicy", name)["spec"]
        peers = {str(peer) for rule in rules["ingress"] for peer in rule["from"]}
        assert not [peer for peer in peers if f"'{name}'" in peer]


def shown(stack: str) -> str:
    """What differs from one host, without what every build changes."""
    parts = [
        text(manifest)
        for manifest in found(stack)
        if manifest["metadata"]["labels"]["app.kubernetes.io/name"] in SCALED
    ]
    whole = "---\n".join(parts)
    whole = re.sub(r"(localhost/homelab/\w+):\S+", r"\1:TAG", whole)
    whole = re.sub(r"homelab/checksum: \S+", "homelab/checksum: CHECKSUM", whole)
    return re.sub(r"name: bootstrap-\w+", "name: bootstrap-DIGEST", whole)


@pytest.mark.parametrize("stack", [CORE, PIPELINE])
def test_it_is_what_a_person_looked_at(stack: str) -> None:
    """`HOMELAB_SNAPSHOTS=write` writes the file anew; the diff is then what is reviewed."""
    path = FOLDER / f"{stack}.yaml"
    if WRITES:
        path.write_text(shown(stack), "utf-8")
    assert shown(stack) == path.read_text("utf-8")
