"""Promptfoo: questions whose answers are known, asked of the platform whenever a person wants."""

from dataclasses import dataclass

import pulumi

from homelab.components.files import config_map
from homelab.components.logins import NAME as LOGINS
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.scope import PORTS, Scope, Workload
from homelab.components.sets import on_demand
from homelab.components.volumes import Config, Scratch
from homelab.config import promptfoo as conf
from homelab.specs import Promptfoo as Spec

APP = "promptfoo-eval"
CONFIG = "/etc/promptfoo"


@dataclass(frozen=True, slots=True)
class Inputs:
    """`chat`: there is a chat model, which is asked by itself too."""

    scope: Scope
    workload: Workload
    spec: Spec
    chat: bool


class Promptfoo(pulumi.ComponentResource):
    """A suspended CronJob: `./lab promptfoo-eval` starts a Job from it."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Promptfoo", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        files = conf.render(
            api_url=f"http://api:{PORTS.api}", litellm_url=f"http://litellm:{PORTS.litellm}", chat=inputs.chat
        )
        config = config_map(APP, APP, files, scope, child)
        container = Container(
            name="promptfoo",
            workload=inputs.workload,
            args=("eval", "--config", f"{CONFIG}/promptfooconfig.yaml", "--no-cache", "--no-table"),
            env={**inputs.spec.settings(), **conf.ENVIRONMENT},
            secret_env={conf.KEY: Key(LOGINS, "lab_litellm_key")} if inputs.chat else {},
            volumes=(Config(CONFIG, config.metadata.name), Scratch("/tmp", mib=128)),  # noqa: S108
        )
        self.policy = policy(APP, scope, child)
        self.run = on_demand(Pod(app=APP, main=container, restart="Never"), scope, child)
        self.register_outputs({"cronjob": self.run.metadata.name})
