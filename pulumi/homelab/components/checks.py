"""What a phase promises, as a Job that can be started at any time: `validate` does, and so may a person.

kubectl create job --from=cronjob/checks-phase1-core look
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from homelab.components.logins import FOLDER, NAME
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.scope import Scope, Workload
from homelab.components.sets import on_demand
from homelab.components.volumes import Scratch, Secrets


@dataclass(frozen=True, slots=True)
class Inputs:
    """`environment` is the pipeline's, `keys` are of what a phase adds. The minute that a run takes is paid by the
    host's reserve.
    """

    stack: str
    scope: Scope
    workload: Workload
    environment: Mapping[str, str]
    keys: Mapping[str, Key] = field(default_factory=dict)


def name(stack: str) -> str:
    """Of its CronJob, its pods and its network policy."""
    return f"checks-{stack}"


class Checks(pulumi.ComponentResource):
    """A suspended CronJob: the template of a run with its image, passwords and limits."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        app = name(inputs.stack)
        super().__init__("homelab:components:Checks", app, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        container = Container(
            name="checks",
            workload=inputs.workload,
            args=("-m", "pipeline.checks", inputs.stack),
            env={**inputs.environment, "LAB_SECRETS_DIR": FOLDER},
            secret_env=inputs.keys,
            volumes=(Secrets(FOLDER, NAME), Scratch("/tmp", mib=64)),  # noqa: S108
        )
        self.policy = policy(app, inputs.scope, child)
        self.run = on_demand(Pod(app=app, main=container, restart="Never"), inputs.scope, child)
        self.register_outputs({"cronjob": self.run.metadata.name})
