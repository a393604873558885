"""OpenObserve: logs, traces and metrics, and the pages that show them."""

from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import secret
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import Scope, Workload
from homelab.components.service import service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Scratch
from homelab.config import openobserve as conf
from homelab.specs import OpenObserve as Spec

APP = "openobserve"
DATA = "/data"
URL = f"http://{APP}:{conf.HTTP}/api/{conf.ORGANISATION}"


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec
    email: pulumi.Input[str]
    password: pulumi.Input[str]


class OpenObserve(pulumi.ComponentResource):
    """A StatefulSet of one with its claim, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:OpenObserve", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        login = secret(APP, APP, {"email": inputs.email, "password": inputs.password}, scope, child)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=(),
            env=conf.environment(inputs.spec, data_dir=DATA),
            secret_env={
                "ZO_ROOT_USER_EMAIL": Key(login.metadata.name, "email"),
                "ZO_ROOT_USER_PASSWORD": Key(login.metadata.name, "password"),
            },
            ports={"http": conf.HTTP},
            probes=Probes(live=Http("/healthz", conf.HTTP), ready=Http("/healthz", conf.HTTP), start_within=120),
            volumes=(Claim(DATA), Scratch("/tmp", mib=64)),  # noqa: S108
        )
        self.login = login.metadata.name
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"http": conf.HTTP}, scope, child)
        pod = Pod(app=APP, main=container, checksum=checksum(inputs.email, inputs.password), stop_within=60)
        self.pods = stateful_set(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
