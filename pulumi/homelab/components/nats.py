"""NATS with JetStream: the streams between the stages."""

from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Config
from homelab.config import nats as conf
from homelab.specs import Nats as Spec

APP = "nats"
DATA = "/data"
CONFIG = "/etc/nats"


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec
    password: pulumi.Input[str]


class Nats(pulumi.ComponentResource):
    """A StatefulSet of one with its claim, its configuration and its password, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Nats", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        text = conf.render(
            inputs.spec,
            listen=EVERYWHERE,
            port=PORTS.nats,
            monitor_port=PORTS.nats_monitor,
            store_dir=f"{DATA}/jetstream",
        )
        config = config_map(APP, APP, {"nats.conf": text}, scope, child)
        login = secret(APP, APP, {"password": inputs.password}, scope, child)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("--config", f"{CONFIG}/nats.conf"),
            env=conf.environment(inputs.spec),
            secret_env={"NATS_PASSWORD": Key(login.metadata.name, "password")},
            ports={"client": PORTS.nats, "monitor": PORTS.nats_monitor},
            probes=Probes(
                # Without a parameter it tells of a store that a full disk silenced: only a new start heals it.
                live=Http("/healthz", PORTS.nats_monitor),
                ready=Http("/healthz?js-enabled-only=true", PORTS.nats_monitor),
                start_within=120,  # it reads the state of every stream first
            ),
            volumes=(Claim(DATA), Config(CONFIG, config.metadata.name)),
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"client": PORTS.nats}, scope, child)
        pod = Pod(app=APP, main=container, checksum=checksum(text, inputs.password), stop_within=60)
        self.pods = stateful_set(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
