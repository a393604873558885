"""Context Forge: the tools of the platform, and whatever others a person adds, at one door for agents."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import secret
from homelab.components.logins import FOLDER
from homelab.components.logins import NAME as LOGINS
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import deployment
from homelab.components.volumes import Scratch, Secrets
from homelab.config import context_forge as conf
from homelab.specs import ContextForge as Spec

APP = "context-forge"
URL = f"http://{APP}:{conf.HTTP}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """`pipeline` is its image and `environment` its settings, for the step that makes the schema of its tables.

    `secrets` are Context Forge's own, by the variables that it reads them from.
    """

    scope: Scope
    workload: Workload
    pipeline: Workload
    spec: Spec
    environment: Mapping[str, str]
    secrets: Mapping[str, pulumi.Input[str]]


class ContextForge(pulumi.ComponentResource):
    """A Deployment behind a Service, whose tables are in our Postgres; `secret` holds what opens it."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:ContextForge", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        kept = secret(APP, APP, inputs.secrets, scope, child)
        self.secret = kept.metadata.name
        tables = Container(
            name="schema",
            workload=inputs.pipeline,
            args=("-m", "pipeline.gateway", "schema"),
            env={**inputs.environment, "LAB_SECRETS_DIR": FOLDER},
            volumes=(Secrets(FOLDER, LOGINS),),
        )
        settings = conf.environment(inputs.spec, database_host="supabase-postgres", database_port=PORTS.postgres)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=(),
            env={**settings, "HOST": EVERYWHERE},
            secret_env={
                **{name: Key(self.secret, name) for name in inputs.secrets},
                "PGPASSWORD": Key(LOGINS, "lab_postgres_password"),
            },
            ports={"http": conf.HTTP},
            probes=Probes(
                live=Http("/health", conf.HTTP),
                ready=Http("/ready", conf.HTTP),
                start_within=600,  # 32 s on two cores, its tables included; it may use half of one
            ),
            volumes=(Scratch("/tmp", mib=64),),  # noqa: S108
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"http": conf.HTTP}, scope, child)
        pod = Pod(app=APP, main=container, first=(tables,), checksum=checksum(*inputs.secrets.values()))
        self.pods = deployment(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
