"""OpenClaw's configuration, for a person to take to the machine on which it runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from homelab.components.files import config_map
from homelab.components.scope import NAMESPACE, PORTS, Scope
from homelab.config import openclaw as conf

NAME = "openclaw"

URL = f"http://litellm.{NAMESPACE}.svc.cluster.local:{PORTS.litellm}"
"""By the subnet route of the tailnet, whose DNS is told to ask the cluster's for this name."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """`models` are those that chat, the usual one first."""

    scope: Scope
    models: Sequence[conf.Model]


class OpenClaw(pulumi.ComponentResource):
    """A ConfigMap."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:OpenClaw", NAME, None, opts)
        text = conf.render(inputs.models, litellm_url=URL)
        child = pulumi.ResourceOptions(parent=self)
        self.config_map = config_map(NAME, NAME, {"openclaw.json5": text}, inputs.scope, child)
        self.register_outputs({"name": self.config_map.metadata.name})
