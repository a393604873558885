"""The door for questions, uploads and tools, over HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import secret
from homelab.components.logins import FOLDER, NAME
from homelab.components.network import Outside, policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, NAMESPACE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import deployment
from homelab.components.volumes import Scratch, Secrets

APP = "api"

NAMES = (APP, f"{APP}.{NAMESPACE}", f"{APP}.{NAMESPACE}.svc", f"{APP}.{NAMESPACE}.svc.cluster.local")
"""What the service is called inside the cluster. It answers to no other name but loopback's."""

TELEMETRY_PORT = 5432
"""Of Home Assistant's database, where its app is told to open it."""

SCRATCH_MIB = 256
"""MiB. One upload at a time, of 100 at most, beside those that are still coming in."""


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Home Assistant's database, on another host."""

    host: str
    port: int
    password: pulumi.Input[str]
    door: Outside


@dataclass(frozen=True, slots=True)
class Inputs:
    """`environment` and `logins` are the pipeline's."""

    scope: Scope
    workload: Workload
    environment: Mapping[str, str]
    logins: Sequence[pulumi.Input[str]]
    telemetry: Telemetry | None = None


class Api(pulumi.ComponentResource):
    """A Deployment that keeps nothing, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Api", APP, None, opts)
        child, scope, house = pulumi.ResourceOptions(parent=self), inputs.scope, inputs.telemetry
        environment = {
            **inputs.environment,
            "LAB_SECRETS_DIR": FOLDER,
            "LAB_API_HOST": EVERYWHERE,
            "LAB_API_PORT": str(PORTS.api),
            "LAB_API_NAMES": ",".join((*NAMES, "localhost", "127.0.0.1")),
        }
        keys: dict[str, Key] = {}
        if house is not None:
            environment |= {"LAB_TELEMETRY_HOST": house.host, "LAB_TELEMETRY_PORT": str(house.port)}
            kept = secret("telemetry", APP, {"password": house.password}, scope, child)
            keys = {"LAB_TELEMETRY_PASSWORD": Key(kept.metadata.name, "password")}
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("-m", "pipeline.api"),
            env=environment,
            secret_env=keys,
            ports={"http": PORTS.api},
            probes=Probes(live=_asked("/health"), ready=_asked("/ready"), start_within=120),
            volumes=(Secrets(FOLDER, NAME), Scratch("/tmp", mib=SCRATCH_MIB)),  # noqa: S108
        )
        self.policy = policy(APP, scope, child, () if house is None else (house.door,))
        self.service = service(APP, {"http": PORTS.api}, scope, child)
        told = inputs.logins if house is None else (*inputs.logins, house.password)
        self.pods = deployment(Pod(app=APP, main=container, checksum=checksum(*told)), scope, child)
        self.register_outputs({"service": self.service.metadata.name})


def _asked(path: str) -> Http:
    """By the service's name: it answers to no other, and the kubelet would say the pod's address."""
    return Http(path, PORTS.api, host=APP)
