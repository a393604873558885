"""Garage: the object store, one node."""

from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes, Tcp
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Config
from homelab.config import garage as conf
from homelab.specs import Garage as Spec
from pipeline.contract import Bucket

APP = "garage"
DATA = "/data"
CONFIG = "/etc/garage"


@dataclass(frozen=True, slots=True)
class Credentials:
    rpc_secret: pulumi.Input[str]
    admin_token: pulumi.Input[str]
    access_key: pulumi.Input[str]
    secret_key: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec
    credentials: Credentials


class Garage(pulumi.ComponentResource):
    """A StatefulSet of one, which makes its layout, first bucket and our key; `secret` has what opens it."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Garage", APP, None, opts)
        child, scope, known = pulumi.ResourceOptions(parent=self), inputs.scope, inputs.credentials
        text = conf.render(
            inputs.spec,
            listen=EVERYWHERE,
            public="127.0.0.1",
            port=PORTS.garage,
            rpc_port=PORTS.garage_rpc,
            admin_port=PORTS.garage_admin,
            metadata_dir=f"{DATA}/meta",
            data_dir=f"{DATA}/data",
        )
        config = config_map(APP, APP, {"garage.toml": text}, scope, child)
        values = {
            "rpc-secret": known.rpc_secret,
            "admin-token": known.admin_token,
            "access-key": known.access_key,
            "secret-key": known.secret_key,
        }
        kept = secret(APP, APP, values, scope, child)
        self.secret = kept.metadata.name
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("-c", f"{CONFIG}/garage.toml", "server", "--single-node", "--default-bucket"),
            env={"GARAGE_DEFAULT_BUCKET": Bucket.RAW.value, "RUST_LOG": conf.LOG},
            secret_env={
                "GARAGE_RPC_SECRET": Key(self.secret, "rpc-secret"),
                "GARAGE_ADMIN_TOKEN": Key(self.secret, "admin-token"),
                "GARAGE_DEFAULT_ACCESS_KEY": Key(self.secret, "access-key"),
                "GARAGE_DEFAULT_SECRET_KEY": Key(self.secret, "secret-key"),
            },
            ports={"s3": PORTS.garage, "admin": PORTS.garage_admin},
            # `/health` is 503 while it lacks its quorum, which no new start mends.
            probes=Probes(live=Tcp(PORTS.garage), ready=Http("/health", PORTS.garage_admin)),
            volumes=(Claim(DATA), Config(CONFIG, config.metadata.name)),
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"s3": PORTS.garage, "admin": PORTS.garage_admin}, scope, child)
        pod = Pod(app=APP, main=container, checksum=checksum(text, *values.values()))
        self.pods = stateful_set(pod, scope, child)
        self.register_outputs({"service": self.service.metadata.name})
