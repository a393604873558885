"""The pipeline's passwords and keys as files, named as `pipeline.settings` looks for them."""

from dataclasses import dataclass

import pulumi

from homelab.components.files import secret
from homelab.components.scope import Scope

NAME = "pipeline"

FOLDER = "/run/secrets/lab"
"""Where its workloads find them."""


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    nats_password: pulumi.Input[str]
    postgres_password: pulumi.Input[str]
    s3_access_key: pulumi.Input[str]
    s3_secret_key: pulumi.Input[str]
    litellm_key: pulumi.Input[str]


class Logins(pulumi.ComponentResource):
    """A Secret for the workers, the API and the steps before them."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Logins", NAME, None, opts)
        values = {
            "lab_nats_password": inputs.nats_password,
            "lab_postgres_password": inputs.postgres_password,
            "lab_s3_access_key": inputs.s3_access_key,
            "lab_s3_secret_key": inputs.s3_secret_key,
            "lab_litellm_key": inputs.litellm_key,
        }
        self.secret = secret(NAME, NAME, values, inputs.scope, pulumi.ResourceOptions(parent=self))
        self.name = self.secret.metadata.name
        self.register_outputs({"name": self.name})
