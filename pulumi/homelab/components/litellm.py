"""LiteLLM: the one door to every model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from homelab.components import embedder
from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import Outside, policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import deployment
from homelab.components.volumes import Config, Scratch
from homelab.config import litellm as conf
from homelab.lab import Models
from homelab.specs import LiteLLM as Spec

APP = "litellm"
CONFIG = "/etc/litellm"
MASTER_KEY = "LITELLM_MASTER_KEY"


@dataclass(frozen=True, slots=True)
class Inputs:
    """`keys` are of the models, by the variables that its configuration names; `outside` is where those are.
    `served` are the routes to the lab's own servers of models.
    """

    scope: Scope
    workload: Workload
    spec: Spec
    models: Models
    master_key: pulumi.Input[str]
    keys: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    served: tuple[conf.Route, ...] = ()
    outside: tuple[Outside, ...] = ()


class LiteLLM(pulumi.ComponentResource):
    """A Deployment without a database, behind a Service."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:LiteLLM", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        text = conf.render(inputs.models, embedder_url=embedder.URL, served=inputs.served)
        keys = {MASTER_KEY: inputs.master_key, **inputs.keys}
        config = config_map(APP, APP, {"litellm.yaml": text}, scope, child)
        kept = secret(APP, APP, keys, scope, child)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("--config", f"{CONFIG}/litellm.yaml", "--host", EVERYWHERE, "--port", str(PORTS.litellm)),
            env=conf.environment(inputs.spec),
            secret_env={name: Key(kept.metadata.name, name) for name in keys},
            ports={"http": PORTS.litellm},
            probes=Probes(
                live=Http("/health/liveliness", PORTS.litellm),
                ready=Http("/health/readiness", PORTS.litellm),
                start_within=240,  # its 3,700 modules, with every worker, on a small processor
            ),
            volumes=(Config(CONFIG, config.metadata.name), Scratch("/tmp", mib=64)),  # noqa: S108
        )
        self.policy = policy(APP, scope, child, inputs.outside)
        self.service = service(APP, {"http": PORTS.litellm}, scope, child)
        pod = Pod(app=APP, main=container, checksum=checksum(text, *keys.values()))
        self.pods = deployment(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
