"""What a phase promises, as a Job that can be started at any time: `validate` does, and so may a person.

kubectl create job --from=cronjob/checks-phase1-core look
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgs, JobSpecArgs, JobTemplateSpecArgs

from homelab.components.labels import metadata
from homelab.components.logins import FOLDER, NAME
from homelab.components.network import policy
from homelab.components.pod import Container, Pod, template
from homelab.components.scope import Scope, Workload
from homelab.components.volumes import Scratch, Secrets

NEVER = "0 0 1 1 *"
"""A schedule that it must have and, suspended, does not keep."""

KEPT = 3600
"""Seconds that a run can still be looked at."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """`environment` is the pipeline's. The minute that a run takes is paid by the host's reserve."""

    stack: str
    scope: Scope
    workload: Workload
    environment: Mapping[str, str]


class Checks(pulumi.ComponentResource):
    """A suspended CronJob: the template of a run with its image, passwords and limits."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        app = f"checks-{inputs.stack}"
        super().__init__("homelab:components:Checks", app, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        container = Container(
            name="checks",
            workload=inputs.workload,
            args=("-m", "pipeline.checks", inputs.stack),
            env={**inputs.environment, "LAB_SECRETS_DIR": FOLDER},
            volumes=(Secrets(FOLDER, NAME), Scratch("/tmp", mib=64)),  # noqa: S108
        )
        # Never again by itself: what it says the first time is the answer.
        run = JobSpecArgs(
            backoff_limit=0,
            ttl_seconds_after_finished=KEPT,
            template=template(Pod(app=app, main=container, restart="Never")),
        )
        self.policy = policy(app, inputs.scope, child)
        self.run = CronJob(
            app,
            metadata=metadata(app, app, inputs.scope),
            spec=CronJobSpecArgs(
                schedule=NEVER,
                suspend=True,
                job_template=JobTemplateSpecArgs(spec=run),
                concurrency_policy="Forbid",
            ),
            opts=child,
        )
        self.register_outputs({"cronjob": self.run.metadata.name})
