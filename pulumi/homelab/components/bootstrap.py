"""What the pipeline needs before its first message: buckets, streams, consumers, tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.logins import FOLDER
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.scope import PORTS, Scope, Workload
from homelab.components.sets import job
from homelab.components.volumes import Scratch, Secrets

APP = "bootstrap"
ADMIN = f"http://garage:{PORTS.garage_admin}"


@dataclass(frozen=True, slots=True)
class Objects:
    """Garage on several hosts: its pods' own names, and the GiB that each has."""

    pods: tuple[str, ...]
    capacity_gib: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """`environment` is the pipeline's; `logins` the Secret of its passwords, `garage` that of the object store's.

    `after` are the stores; `contents` are what it works with, so that a change of them is another run. `objects`
    is the object store where it is on several hosts.
    """

    scope: Scope
    workload: Workload
    environment: Mapping[str, str]
    logins: pulumi.Input[str]
    garage: pulumi.Input[str]
    after: Sequence[pulumi.Resource]
    contents: Sequence[pulumi.Input[str]]
    objects: Objects | None = None


class Bootstrap(pulumi.ComponentResource):
    """A Job that changes what differs. Its name holds what it was run with, so that it runs once for each."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Bootstrap", APP, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        opening = {
            "GARAGE_ADMIN_TOKEN": Key(inputs.garage, "admin-token"),
            "GARAGE_DEFAULT_ACCESS_KEY": Key(inputs.garage, "access-key"),
        }
        buckets = Container(
            name="buckets",
            workload=inputs.workload,
            args=("-m", "pipeline.buckets", ADMIN),
            secret_env=opening,
        )
        layout: tuple[Container, ...] = ()
        if inputs.objects is not None:
            layout = (_layout(inputs, inputs.objects, opening),)
        streams = Container(
            name=APP,
            workload=inputs.workload,
            args=("-m", "pipeline.bootstrap"),
            env={**inputs.environment, "LAB_SECRETS_DIR": FOLDER},
            volumes=(Secrets(FOLDER, inputs.logins), Scratch("/tmp", mib=64)),  # noqa: S108
        )
        told = [inputs.workload.image.reference, *(f"{key}={value}" for key, value in inputs.environment.items())]
        if inputs.objects is not None:
            told += [*inputs.objects.pods, str(inputs.objects.capacity_gib)]
        self.policy = policy(APP, inputs.scope, child)
        self.run = job(
            Pod(app=APP, main=streams, first=(*layout, buckets), restart="OnFailure"),
            checksum(*told, *inputs.contents),
            inputs.scope,
            pulumi.ResourceOptions(parent=self, depends_on=[*inputs.after, self.policy]),
        )
        self.register_outputs({"job": self.run.metadata.name})


def _layout(inputs: Inputs, objects: Objects, opening: Mapping[str, Key]) -> Container:
    """Before the buckets: without a layout there is nowhere to put them."""
    return Container(
        name="layout",
        workload=inputs.workload,
        args=("-m", "pipeline.layout", *(f"http://{pod}:{PORTS.garage_admin}" for pod in objects.pods)),
        env={
            "GARAGE_CAPACITY_GIB": str(objects.capacity_gib),
            "GARAGE_RPC_PORT": str(PORTS.garage_rpc),
        },
        secret_env={**opening, "GARAGE_DEFAULT_SECRET_KEY": Key(inputs.garage, "secret-key")},
    )
