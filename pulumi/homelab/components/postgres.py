"""Postgres with pgvector: documents, chunks and vectors."""

from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import policy
from homelab.components.pod import Container, Pod
from homelab.components.probes import Probes, Run, Tcp
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Config, Scratch, Secrets
from homelab.config import postgres as conf
from homelab.specs import Postgres as Spec

APP = "supabase-postgres"
DATA = "/var/lib/postgresql"
"""The image's PGDATA is a folder below: the volume's own root may hold what initdb refuses."""

CONFIG = "/etc/postgresql"
SECRETS = "/run/secrets/postgresql"


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec
    password: pulumi.Input[str]


class Postgres(pulumi.ComponentResource):
    """A StatefulSet of one with its claim; the role's password is in no process's environment."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Postgres", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        text = conf.render(inputs.spec, listen=EVERYWHERE, port=PORTS.postgres, hba_file=f"{CONFIG}/pg_hba.conf")
        config = config_map(APP, APP, {"postgresql.conf": text, "pg_hba.conf": conf.HBA}, scope, child)
        login = secret(APP, APP, {"password": inputs.password}, scope, child)
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("-c", f"config_file={CONFIG}/postgresql.conf"),
            env={"POSTGRES_PASSWORD_FILE": f"{SECRETS}/password"},
            ports={"postgres": PORTS.postgres},
            probes=Probes(
                live=Tcp(PORTS.postgres),
                ready=Run(("pg_isready", "--quiet", "--host", "127.0.0.1", "--port", str(PORTS.postgres))),
                start_within=300,  # the first start makes the database; one after a crash replays the log
            ),
            volumes=(
                Claim(DATA),
                Config(CONFIG, config.metadata.name),
                Secrets(SECRETS, login.metadata.name),
                Scratch("/dev/shm", inputs.spec.shm_size.value, name="shm", memory=True),  # noqa: S108
            ),
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"postgres": PORTS.postgres}, scope, child)
        pod = Pod(
            app=APP,
            main=container,
            checksum=checksum(text, conf.HBA, inputs.password),
            stop_within=60,  # a checkpoint on a slow disk
        )
        self.pods = stateful_set(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
