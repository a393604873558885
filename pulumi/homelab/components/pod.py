"""The pod of every workload: what holds for all of them is said here, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_kubernetes.core.v1 import (
    AffinityArgs,
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    NodeAffinityArgs,
    NodeSelectorArgs,
    NodeSelectorRequirementArgs,
    NodeSelectorTermArgs,
    ObjectFieldSelectorArgs,
    PodSpecArgs,
    PodTemplateSpecArgs,
    SecretKeySelectorArgs,
    TopologySpreadConstraintArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from homelab.components.checksum import ANNOTATION
from homelab.components.labels import labels, selector
from homelab.components.probes import Probes, liveness, readiness, startup
from homelab.components.resources import resources
from homelab.components.scope import Workload
from homelab.components.security import container_context, pod_context
from homelab.components.volumes import Volume, mount, source


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a Secret."""

    secret: pulumi.Input[str]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """`args` follow the image's own entrypoint. A Job's container has no probes: it ends.

    `own_env` are variables that hold a field of the pod itself, such as `metadata.name`.
    """

    name: str
    workload: Workload
    args: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, Key] = field(default_factory=dict)
    own_env: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    probes: Probes | None = None
    volumes: tuple[Volume, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """`first` runs to its end before `main`. `stop_within` are seconds between the signal to end and the kill."""

    app: str
    main: Container
    first: tuple[Container, ...] = ()
    checksum: pulumi.Input[str] | None = None
    stop_within: int = 30
    restart: str | None = None


def template(pod: Pod) -> PodTemplateSpecArgs:
    everything = [volume for container in (*pod.first, pod.main) for volume in container.volumes]
    sources = [made for volume in dict.fromkeys(everything) if (made := source(volume)) is not None]
    annotations = None if pod.checksum is None else {ANNOTATION: pod.checksum}
    return PodTemplateSpecArgs(
        metadata=ObjectMetaArgs(labels=labels(pod.app), annotations=annotations),
        spec=PodSpecArgs(
            automount_service_account_token=False,
            # Kubernetes would put the address of every service into every environment.
            enable_service_links=False,
            security_context=pod_context(pod.main.workload.image.uid),
            affinity=_only_on(pod.main.workload.nodes),
            topology_spread_constraints=_evenly(pod),
            init_containers=[_container(container) for container in pod.first] or None,
            containers=[_container(pod.main)],
            volumes=sources or None,
            restart_policy=pod.restart,
            termination_grace_period_seconds=pod.stop_within,
        ),
    )


def _container(container: Container) -> ContainerArgs:
    checks = container.probes
    return ContainerArgs(
        name=container.name,
        image=container.workload.image.reference,
        image_pull_policy="IfNotPresent",
        args=list(container.args),
        env=_environment(container) or None,
        ports=[
            ContainerPortArgs(name=name, container_port=port, protocol="TCP")
            for name, port in container.ports.items()
        ]
        or None,
        resources=resources(container.workload.share),
        security_context=container_context(),
        startup_probe=None if checks is None else startup(checks),
        liveness_probe=None if checks is None else liveness(checks),
        readiness_probe=None if checks is None else readiness(checks),
        volume_mounts=[mount(volume) for volume in container.volumes] or None,
    )


def _environment(container: Container) -> list[EnvVarArgs]:
    plain = [EnvVarArgs(name=name, value=value) for name, value in sorted(container.env.items())]
    secret = [
        EnvVarArgs(
            name=name,
            value_from=EnvVarSourceArgs(secret_key_ref=SecretKeySelectorArgs(name=key.secret, key=key.key)),
        )
        for name, key in sorted(container.secret_env.items())
    ]
    own = [
        EnvVarArgs(name=name, value_from=EnvVarSourceArgs(field_ref=ObjectFieldSelectorArgs(field_path=path)))
        for name, path in sorted(container.own_env.items())
    ]
    return [*plain, *secret, *own]


def _only_on(nodes: tuple[str, ...]) -> AffinityArgs | None:
    """The nodes of the hosts on whose ledgers it stands; none named means there is only one."""
    if not nodes:
        return None
    # By their names, one to a term as this field demands; the label for host names may say something else.
    terms = [
        NodeSelectorTermArgs(
            match_fields=[NodeSelectorRequirementArgs(key="metadata.name", operator="In", values=[node])]
        )
        for node in nodes
    ]
    required = NodeSelectorArgs(node_selector_terms=terms)
    return AffinityArgs(
        node_affinity=NodeAffinityArgs(required_during_scheduling_ignored_during_execution=required)
    )


def _evenly(pod: Pod) -> list[TopologySpreadConstraintArgs] | None:
    """Over its nodes: each host's ledger has room for its part of them and no more.

    A node that is not there, or no longer, leaves its part waiting: without a least number of domains the others
    would share it.
    """
    nodes = pod.main.workload.nodes
    if len(nodes) < 2:
        return None
    spread = TopologySpreadConstraintArgs(
        max_skew=1,
        min_domains=len(nodes),
        topology_key="kubernetes.io/hostname",
        when_unsatisfiable="DoNotSchedule",
        label_selector=selector(pod.app),
    )
    return [spread]
