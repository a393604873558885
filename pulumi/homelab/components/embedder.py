"""The built-in embedder: text → vectors, on the processor."""

from dataclasses import dataclass

import pulumi

from homelab.components.network import policy
from homelab.components.pod import Container, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import deployment
from homelab.components.volumes import Scratch
from homelab.specs import Embedder as Spec

APP = "embedder"
URL = f"http://{APP}:{PORTS.embedder}/v1"


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec


class Embedder(pulumi.ComponentResource):
    """A Deployment that keeps nothing, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Embedder", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        threads = inputs.spec.settings()["threads"]
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("--host", EVERYWHERE, "--port", str(PORTS.embedder), "--threads", threads),
            ports={"http": PORTS.embedder},
            probes=Probes(live=Http("/health", PORTS.embedder), ready=Http("/health", PORTS.embedder)),
            volumes=(Scratch("/tmp", mib=64),),  # noqa: S108
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"http": PORTS.embedder}, scope, child)
        self.pods = deployment(Pod(app=APP, main=container), scope, child)
        self.register_outputs({"service": self.service.metadata.name})
