"""What was measured and what was decided, for workloads to read."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from homelab.components.files import config_map
from homelab.components.scope import Scope

NAME = "hardware-facts"


@dataclass(frozen=True, slots=True)
class Inputs:
    """`files` by name: `<host>.json` with its facts, `plan.json` as `homelab plan --json` prints it."""

    scope: Scope
    files: Mapping[str, str]


class HardwareFacts(pulumi.ComponentResource):
    """A ConfigMap."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:HardwareFacts", NAME, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.config_map = config_map(NAME, NAME, inputs.files, inputs.scope, child)
        self.register_outputs({"name": self.config_map.metadata.name})
