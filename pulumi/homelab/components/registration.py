"""The step that tells Context Forge about the tools of our API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.scope import Scope, Workload
from homelab.components.sets import job
from homelab.components.volumes import Scratch

APP = "registration"


@dataclass(frozen=True, slots=True)
class Inputs:
    """`environment` says where both are, `keys` are Context Forge's. `contents` are what it works with beside
    them, so that a change of it is another run.
    """

    scope: Scope
    workload: Workload
    environment: Mapping[str, str]
    keys: Mapping[str, Key]
    after: Sequence[pulumi.Resource]
    contents: Sequence[pulumi.Input[str]]


class Registration(pulumi.ComponentResource):
    """A Job that changes what differs. Its name holds what it was run with, so that it runs once for each."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Registration", APP, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("-m", "pipeline.gateway", "register"),
            env=inputs.environment,
            secret_env=inputs.keys,
            volumes=(Scratch("/tmp", mib=16),),  # noqa: S108
        )
        told = [inputs.workload.image.reference, *(f"{key}={value}" for key, value in inputs.environment.items())]
        self.policy = policy(APP, inputs.scope, child)
        self.run = job(
            Pod(app=APP, main=container, restart="OnFailure"),
            checksum(*told, *inputs.contents),
            inputs.scope,
            pulumi.ResourceOptions(parent=self, depends_on=[*inputs.after, self.policy]),
        )
        self.register_outputs({"job": self.run.metadata.name})
