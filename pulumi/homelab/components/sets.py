"""The controllers of pods: what keeps its data, what keeps nothing, and what runs once."""

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
    StatefulSet,
    StatefulSetPersistentVolumeClaimRetentionPolicyArgs,
    StatefulSetSpecArgs,
)
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgs, Job, JobSpecArgs, JobTemplateSpecArgs

from homelab.components.disruption import disruption
from homelab.components.labels import metadata, selector
from homelab.components.pod import Pod, template
from homelab.components.scope import Scope
from homelab.components.volumes import Claim, claim_template

TRIES = 1000
"""Of a Job, up to 5 minutes apart: what it waits for is being pulled or recovers. One that has given up would stay
so, since nothing changes by which the next `up` would make another."""


NEVER = "0 0 1 1 *"
"""A schedule that a CronJob must have and, suspended, does not keep."""

KEPT = 3600
"""Seconds that a run on demand can still be looked at."""


def stateful_set(
    pod: Pod, scope: Scope, opts: pulumi.ResourceOptions, *, behind: str | None = None
) -> StatefulSet:
    """Behind the service of the same name. Its claims stay when it goes, and the next one adopts them by name.

    Where there are several pods `behind` is the service that names each. They start together, since none is ready
    before it has found the others; a change still takes one after the other.
    """
    share = pod.main.workload.share
    disruption(pod.app, share.replicas_min, scope, opts)
    claims = [volume for volume in pod.main.volumes if isinstance(volume, Claim)]
    return StatefulSet(
        pod.app,
        metadata=metadata(pod.app, pod.app, scope),
        spec=StatefulSetSpecArgs(
            service_name=pod.app if behind is None else behind,
            pod_management_policy=None if behind is None else "Parallel",
            replicas=share.replicas_min,
            selector=selector(pod.app),
            template=template(pod),
            volume_claim_templates=[claim_template(claim, pod.app, share.disk_gib, scope) for claim in claims],
            persistent_volume_claim_retention_policy=StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                when_deleted="Retain", when_scaled="Retain"
            ),
        ),
        opts=opts,
    )


def deployment(pod: Pod, scope: Scope, opts: pulumi.ResourceOptions, *, scaled: bool = False) -> Deployment:
    """With its disruption budget. `scaled`: an autoscaler says how many, so that this says nothing."""
    replicas = pod.main.workload.share.replicas_min
    disruption(pod.app, replicas, scope, opts)
    replace = RollingUpdateDeploymentArgs(
        max_surge=0,  # a second one beside the first would be memory that the ledger has not given
        max_unavailable=1,
    )
    return Deployment(
        pod.app,
        metadata=metadata(pod.app, pod.app, scope),
        spec=DeploymentSpecArgs(
            replicas=None if scaled else replicas,
            selector=selector(pod.app),
            strategy=DeploymentStrategyArgs(type="RollingUpdate", rolling_update=replace),
            template=template(pod),
        ),
        opts=opts,
    )


def job(pod: Pod, digest: pulumi.Output[str], scope: Scope, opts: pulumi.ResourceOptions) -> Job:
    """Named after its digest: another one runs anew, the same one never again. It stays, as proof that it ran."""
    name = pulumi.Output.concat(pod.app, "-", digest)
    return Job(
        pod.app,
        metadata=metadata(name, pod.app, scope),
        spec=JobSpecArgs(backoff_limit=TRIES, completions=1, parallelism=1, template=template(pod)),
        opts=opts,
    )


def on_demand(pod: Pod, scope: Scope, opts: pulumi.ResourceOptions) -> CronJob:
    """Suspended: the template of a run, for whoever starts one. What a run says the first time is the answer."""
    run = JobSpecArgs(backoff_limit=0, ttl_seconds_after_finished=KEPT, template=template(pod))
    return CronJob(
        pod.app,
        metadata=metadata(pod.app, pod.app, scope),
        spec=CronJobSpecArgs(
            schedule=NEVER,
            suspend=True,
            job_template=JobTemplateSpecArgs(spec=run),
            concurrency_policy="Forbid",
        ),
        opts=opts,
    )
