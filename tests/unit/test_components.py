"""The components of phase 1 on a default desktop: values as a person worked them out, in Kubernetes' words."""

from dataclasses import replace
from typing import Any

import pytest
import yaml

from homelab import planner
from homelab.components.checksum import digest
from homelab.components.network import Outside
from homelab.errors import InvalidInput
from homelab.lab import Models
from homelab.lab.models import Chat, Embedding
from homelab.phases.outside import doors
from homelab.render import Chosen
from unit.rendering import Manifest, machine, objects, one, rendered

CORE = "phase1-core"
HOST = "desktop-32g"

NATS = """
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: nats
  namespace: ai-infrastructure
  labels: &labels
    app.kubernetes.io/name: nats
    app.kubernetes.io/part-of: homelab
    app.kubernetes.io/managed-by: pulumi
spec:
  serviceName: nats
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: nats}}
  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}
  volumeClaimTemplates:
    - metadata: {name: data, labels: *labels}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {requests: {storage: 85Gi}}
  template:
    metadata:
      labels: *labels
      annotations: {homelab/checksum: CHECKSUM}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 60
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {type: RuntimeDefault}
      volumes:
        - {name: config, configMap: {name: nats}}
      containers:
        - name: nats
          image: IMAGE
          imagePullPolicy: IfNotPresent
          args: [--config, /etc/nats/nats.conf]
          env:
            - {name: GOMEMLIMIT, value: 1970MiB}
            - {name: NATS_PASSWORD, valueFrom: {secretKeyRef: {name: nats, key: password}}}
          ports:
            - {name: client, containerPort: 4222, protocol: TCP}
            - {name: monitor, containerPort: 8222, protocol: TCP}
          resources:
            requests: {memory: 1970Mi, cpu: 600m}
            limits: {memory: 2463Mi, cpu: 2400m}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
          startupProbe:
            httpGet: {path: /healthz, port: 8222}
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /healthz, port: 8222}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 3
          readinessProbe:
            httpGet: {path: "/healthz?js-enabled-only=true", port: 8222}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 2
          volumeMounts:
            - {name: data, mountPath: /data}
            - {name: config, mountPath: /etc/nats, readOnly: true}
"""


def core(**models: object) -> tuple[Manifest, ...]:
    """Phase 1 of the desktop with other models."""
    what = machine(HOST)
    return objects(Chosen(what.lab.model_copy(update={"models": Models(**models)}), what.plan), CORE)  # type: ignore[arg-type]


def pod(found: tuple[Manifest, ...], kind: str, name: str) -> dict[str, Any]:
    spec: dict[str, Any] = one(found, kind, name)["spec"]["template"]["spec"]
    return spec


def main(found: tuple[Manifest, ...], kind: str, name: str) -> dict[str, Any]:
    container: dict[str, Any] = pod(found, kind, name)["containers"][0]
    return container


def test_nats_is_exactly_this() -> None:
    """12 cores, 31,990 MiB: the floor and half of what the others leave; 20 % of 428 GiB of disk."""
    found = rendered(HOST, CORE)
    config = one(found, "ConfigMap", "nats")["data"]["nats.conf"]
    text = NATS.replace("CHECKSUM", f"'{digest(config, 'masked')}'")
    text = text.replace("IMAGE", main(found, "StatefulSet", "nats")["image"])
    assert one(found, "StatefulSet", "nats") == yaml.safe_load(text)


def test_nats_is_configured_by_the_text_of_the_local_platform() -> None:
    config = one(rendered(HOST, CORE), "ConfigMap", "nats")["data"]["nats.conf"]
    assert 'listen: "0.0.0.0:4222"' in config
    assert 'store_dir: "/data/jetstream"' in config
    assert "password: $NATS_PASSWORD" in config


def test_postgres_has_shared_memory_of_its_own_size_and_its_password_as_a_file() -> None:
    found = rendered(HOST, CORE)
    shm = machine(HOST).plan.host(HOST).specs["postgres"].settings()["shm_size"]
    volumes = {volume["name"]: volume for volume in pod(found, "StatefulSet", "supabase-postgres")["volumes"]}
    assert volumes["shm"]["emptyDir"] == {"medium": "Memory", "sizeLimit": shm.replace("MB", "Mi")}
    assert volumes["secrets"]["secret"] == {"secretName": "supabase-postgres", "defaultMode": 0o440}
    container = main(found, "StatefulSet", "supabase-postgres")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts["shm"] == "/dev/shm"
    assert container["env"] == [{"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/postgresql/password"}]


def test_postgres_lets_in_other_pods_by_their_password_alone() -> None:
    data = one(rendered(HOST, CORE), "ConfigMap", "supabase-postgres")["data"]
    assert "hba_file = '/etc/postgresql/pg_hba.conf'\n" in data["postgresql.conf"]
    assert "listen_addresses = '0.0.0.0'\n" in data["postgresql.conf"]
    assert data["pg_hba.conf"] == "host lab lab 0.0.0.0/0 scram-sha-256\nhost lab lab ::/0 scram-sha-256\n"


def test_the_step_after_the_stores_makes_buckets_first_with_their_key_alone() -> None:
    found = rendered(HOST, CORE)
    (job,) = (one for one in found if one["kind"] == "Job")
    spec = job["spec"]["template"]["spec"]
    assert spec["restartPolicy"] == "OnFailure"
    (buckets,) = spec["initContainers"]
    assert buckets["args"] == ["-m", "pipeline.buckets", "http://garage:3903"]
    assert [variable["name"] for variable in buckets["env"]] == ["GARAGE_ADMIN_TOKEN", "GARAGE_DEFAULT_ACCESS_KEY"]
    (streams,) = spec["containers"]
    told = {variable["name"]: variable["value"] for variable in streams["env"]}
    assert told["LAB_NATS_URL"] == "nats://nats:4222"
    assert told["LAB_S3_ENDPOINT"] == "http://garage:3900"
    assert told["LAB_POSTGRES_HOST"] == "supabase-postgres"


def test_another_environment_is_another_run_and_the_same_one_is_none() -> None:
    def name(found: tuple[Manifest, ...]) -> str:
        (job,) = (one for one in found if one["kind"] == "Job")
        return str(job["metadata"]["name"])

    assert name(core()) == name(core())
    assert name(core()) != name(core(chat=Chat(endpoint="http://10.0.0.7:8080/v1", model="m")))


def test_a_changed_model_restarts_litellm_and_nothing_else() -> None:
    def checksums(found: tuple[Manifest, ...]) -> dict[str, str]:
        sets = (one for one in found if one["kind"] in ("StatefulSet", "Deployment"))
        templates = {one["metadata"]["name"]: one["spec"]["template"] for one in sets}
        return {name: yaml.safe_dump(dict(template)) for name, template in templates.items()}

    before = checksums(core())
    after = checksums(core(chat=Chat(endpoint="http://10.0.0.7:8080/v1", model="m")))
    assert {name for name in before if before[name] != after[name]} == {"litellm"}


def test_litellm_may_speak_to_the_address_that_lab_yaml_names_and_to_no_other() -> None:
    found = core(chat=Chat(endpoint="http://10.0.0.7:8080/v1", model="m"))
    egress = one(found, "NetworkPolicy", "litellm")["spec"]["egress"]
    assert egress[-1] == {
        "to": [{"ipBlock": {"cidr": "10.0.0.7/32"}}],
        "ports": [{"protocol": "TCP", "port": 8080}],
    }


def test_a_model_elsewhere_takes_the_place_of_the_embedder() -> None:
    found = core(embedding=Embedding(endpoint="https://embed.lan/v1", model="bge-m3", dimensions=1024))
    assert [one for one in found if one["metadata"]["name"] == "embedder"] == []
    assert "https://embed.lan/v1" in one(found, "ConfigMap", "litellm")["data"]["litellm.yaml"]


def test_an_endpoint_by_name_is_a_port_of_any_address() -> None:
    models = Models(
        embedding=Embedding(endpoint="https://[fd7a::53]/v1", model="m", dimensions=3),
        chat=Chat(endpoint="http://gpu.lan/v1", model="m"),
    )
    assert doors(models) == (Outside(443, "fd7a::53/128"), Outside(80))


def test_a_workload_is_on_the_node_of_its_host_where_there_are_several() -> None:
    what = machine(HOST)
    assert what.lab.cluster is not None
    hosts = {**what.lab.hosts, "other": what.lab.hosts[HOST].model_copy(update={"address": "b.lan", "place": ()})}
    nodes = {HOST: "node-1", "other": "node-2"}
    cluster = what.lab.cluster.model_copy(update={"nodes": nodes, "storage_class": "fast"})
    found = objects(replace(what, lab=what.lab.model_copy(update={"hosts": hosts, "cluster": cluster})), CORE)
    affinity = pod(found, "StatefulSet", "garage")["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term == {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}
    (claim,) = one(found, "StatefulSet", "garage")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"


def two_nodes(place: tuple[str, ...]) -> Chosen:
    """The desktop, and a smaller machine with `place` on it."""
    what, small = machine(HOST), machine("mini-pc-8g")
    assert what.lab.cluster is not None
    other = what.lab.hosts[HOST].model_copy(update={"address": "b.lan", "place": place})
    lab = what.lab.model_copy(
        update={
            "hosts": {HOST: what.lab.hosts[HOST], "mini-pc-8g": other},
            "cluster": what.lab.cluster.model_copy(update={"nodes": {HOST: "node-1", "mini-pc-8g": "node-2"}}),
        }
    )
    known = {host.name: host.facts for host in (*what.plan.hosts, *small.plan.hosts)}
    return Chosen(lab, planner.plan(planner.Situation(lab, known)))


def test_what_is_placed_on_two_hosts_has_a_pod_on_each_with_what_the_smaller_gives() -> None:
    what = two_nodes(("litellm", "embedder"))
    found = objects(what, CORE)
    small = what.plan.host("mini-pc-8g").budget.line("litellm").limit.value
    assert small < what.plan.host(HOST).budget.line("litellm").limit.value
    assert one(found, "Deployment", "litellm")["spec"]["replicas"] == 2
    assert main(found, "Deployment", "litellm")["resources"]["limits"]["memory"] == f"{small}Mi"
    (spread,) = pod(found, "Deployment", "litellm")["topologySpreadConstraints"]
    assert (spread["maxSkew"], spread["minDomains"], spread["whenUnsatisfiable"]) == (1, 2, "DoNotSchedule")
    assert one(found, "PodDisruptionBudget", "litellm")["spec"]["maxUnavailable"] == 1
    assert "topologySpreadConstraints" not in pod(found, "StatefulSet", "nats")


def test_a_store_on_two_nodes_is_refused() -> None:
    with pytest.raises(InvalidInput, match="nats is placed on desktop-32g and mini-pc-8g"):
        objects(two_nodes(("nats",)), CORE)


def test_facts_and_plan_are_there_to_be_read() -> None:
    data = one(rendered(HOST, CORE), "ConfigMap", "hardware-facts")["data"]
    assert set(data) == {f"{HOST}.json", "plan.json"}
    assert yaml.safe_load(data["plan.json"])["hosts"][0]["name"] == HOST


def test_a_digest_tells_apart_what_only_joined_is_the_same() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert len(digest("a")) == 16
