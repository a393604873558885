"""A stage of the pipeline: workers that share one queue, more of them while there is work and memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from homelab.components.autoscaler import autoscaler
from homelab.components.checksum import checksum
from homelab.components.flows import KEDA
from homelab.components.logins import FOLDER, NAME
from homelab.components.network import policy
from homelab.components.pod import Container, Pod
from homelab.components.probes import Http, Probes
from homelab.components.queue_scaler import queue_scaler
from homelab.components.scope import EVERYWHERE, Scope, Workload
from homelab.components.sets import deployment
from homelab.components.volumes import Scratch, Secrets
from homelab.specs import Autoscaling

DOOR = 8080

SCRATCH_MIB = 512
"""MiB. A document being read, of 100 MiB at most, with its pages unpacked."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """`app` is the stage's name in the cluster. `environment` and `logins` are the pipeline's: what is in them
    starts the workers anew when it changes. `scaling` only where the ledger holds more than one replica.
    """

    app: str
    stage: str
    scope: Scope
    workload: Workload
    environment: Mapping[str, str]
    logins: Sequence[pulumi.Input[str]]
    scaling: Autoscaling | None = None


class Worker(pulumi.ComponentResource):
    """A Deployment that keeps nothing: what it works on is given to another worker when it dies."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Worker", inputs.app, None, opts)
        child, scope, app = pulumi.ResourceOptions(parent=self), inputs.scope, inputs.app
        environment = {
            **inputs.environment,
            "LAB_SECRETS_DIR": FOLDER,
            "LAB_HEALTH_HOST": EVERYWHERE,
            "LAB_HEALTH_PORT": str(DOOR),
        }
        container = Container(
            name=app,
            workload=inputs.workload,
            args=("-m", "pipeline.worker", inputs.stage),
            env=environment,
            ports={"health": DOOR},
            # Live whatever the stores do: a new start would not bring them back.
            probes=Probes(live=Http("/health", DOOR), ready=Http("/ready", DOOR), start_within=120),
            volumes=(Secrets(FOLDER, NAME), Scratch("/tmp", mib=SCRATCH_MIB)),  # noqa: S108
        )
        self.policy = policy(app, scope, child)
        pod = Pod(app=app, main=container, checksum=checksum(*inputs.logins))
        self.pods = deployment(pod, scope, child, scaled=inputs.scaling is not None)
        if inputs.scaling is not None:
            self.autoscaler = self._scaled(inputs, inputs.scaling, child)
        self.register_outputs({"deployment": self.pods.metadata.name})

    @staticmethod
    def _scaled(inputs: Inputs, spec: Autoscaling, child: pulumi.ResourceOptions) -> pulumi.Resource:
        """By what waits where KEDA can ask for it, else by what the workers use."""
        app, share, scope = inputs.app, inputs.workload.share, inputs.scope
        if KEDA in scope.operators:
            return queue_scaler(app, inputs.stage, spec, share, scope, child)
        return autoscaler(app, spec, share, scope, child)
