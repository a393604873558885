"""The OpenTelemetry collector: the one door for logs, traces and metrics."""

import base64
from dataclasses import dataclass

import pulumi

from homelab.components import openobserve
from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import deployment
from homelab.components.volumes import Config
from homelab.config import collector as conf
from homelab.specs import Collector as Spec

APP = "collector"
CONFIG = "/etc/otelcol"
URL = f"http://{APP}:{conf.HTTP}"


@dataclass(frozen=True, slots=True)
class Login:
    """OpenObserve's."""

    email: pulumi.Input[str]
    password: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """Without `login` there is no OpenObserve, and what arrives is only counted in the collector's log."""

    scope: Scope
    workload: Workload
    spec: Spec
    login: Login | None


class Collector(pulumi.ComponentResource):
    """A Deployment that keeps nothing, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Collector", APP, None, opts)
        child, scope, login = pulumi.ResourceOptions(parent=self), inputs.scope, inputs.login
        text = conf.render(
            inputs.spec, listen=EVERYWHERE, openobserve_url=None if login is None else openobserve.URL
        )
        config = config_map(APP, APP, {"otelcol.yaml": text}, scope, child)
        keys: dict[str, Key] = {}
        header = pulumi.Output.from_input("")
        if login is not None:
            header = pulumi.Output.all(login.email, login.password).apply(lambda known: _basic(*known))
            kept = secret(APP, APP, {"authorization": header}, scope, child)
            keys = {conf.AUTHORIZATION: Key(kept.metadata.name, "authorization")}
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("--config", f"{CONFIG}/otelcol.yaml"),
            env=conf.environment(inputs.spec),
            secret_env=keys,
            ports={"otlp-http": conf.HTTP, "otlp-grpc": conf.GRPC, "health": conf.HEALTH},
            probes=Probes(live=Http("/", conf.HEALTH), ready=Http("/", conf.HEALTH)),
            volumes=(Config(CONFIG, config.metadata.name),),
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"otlp-http": conf.HTTP, "otlp-grpc": conf.GRPC}, scope, child)
        self.pods = deployment(Pod(app=APP, main=container, checksum=checksum(text, header)), scope, child)
        self.register_outputs({"service": self.service.metadata.name})


def _basic(email: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{email}:{password}".encode()).decode()
