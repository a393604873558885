"""Garage: the object store, on one host or with three copies of every object on as many."""

from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes, Tcp
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import headless, of_pod, peers, service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Config
from homelab.config import garage as conf
from homelab.specs import Garage as Spec
from pipeline.contract import Bucket

APP = "garage"
DATA = "/data"
CONFIG = "/etc/garage"

COPIES = 3
"""Of every object, on as many hosts at least: two of them that are there read and write."""

POD = "POD_NAME"
ALONE = ("-c", f"{CONFIG}/garage.toml", "server", "--single-node", "--default-bucket")
TOGETHER = ("-c", f"{CONFIG}/$({POD}).toml", "server")
"""Each with a file of its own, which says its own address."""


def names(workload: Workload) -> tuple[str, ...]:
    """Of its pods, which are also the names of their own services."""
    return tuple(f"{APP}-{number}" for number in range(workload.share.replicas_min))


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
    """A StatefulSet; `secret` has what opens it.

    One alone makes its layout, first bucket and our key. Of several, each has an address that stays its own, and
    the step after the stores makes them known to each other (`pipeline.layout`).
    """

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Garage", APP, None, opts)
        child, scope, known = pulumi.ResourceOptions(parent=self), inputs.scope, inputs.credentials
        several = inputs.workload.share.replicas_min > 1
        pods = names(inputs.workload)
        files = {f"{pod}.toml": _text(inputs.spec, pod, COPIES) for pod in pods}
        if not several:
            files = {"garage.toml": _text(inputs.spec, "127.0.0.1", 1)}
        config = config_map(APP, APP, files, scope, child)
        values = {
            "rpc-secret": known.rpc_secret,
            "admin-token": known.admin_token,
            "access-key": known.access_key,
            "secret-key": known.secret_key,
        }
        kept = secret(APP, APP, values, scope, child)
        self.secret = kept.metadata.name
        doors, rpc = {"s3": PORTS.garage, "admin": PORTS.garage_admin}, {"rpc": PORTS.garage_rpc}
        log = {"RUST_LOG": conf.LOG}
        keys = {
            "GARAGE_RPC_SECRET": Key(self.secret, "rpc-secret"),
            "GARAGE_ADMIN_TOKEN": Key(self.secret, "admin-token"),
        }
        ours = {
            "GARAGE_DEFAULT_ACCESS_KEY": Key(self.secret, "access-key"),
            "GARAGE_DEFAULT_SECRET_KEY": Key(self.secret, "secret-key"),
        }
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=TOGETHER if several else ALONE,
            env=log if several else {"GARAGE_DEFAULT_BUCKET": Bucket.RAW.value, **log},
            secret_env=keys if several else {**keys, **ours},
            own_env={POD: "metadata.name"} if several else {},
            ports={**doors, **rpc} if several else doors,
            # `/health` is 503 while it lacks its quorum, which no new start mends.
            probes=Probes(live=Tcp(PORTS.garage), ready=Http("/health", PORTS.garage_admin)),
            volumes=(Claim(DATA), Config(CONFIG, config.metadata.name)),
        )
        self.policy = policy(APP, scope, child, peers=several)
        self.service = service(APP, doors, scope, child)
        if several:
            self.peers = headless(APP, rpc, scope, child)
            self.addresses = [
                of_pod(APP, number, {"admin": PORTS.garage_admin, **rpc}, scope, child)
                for number in range(len(pods))
            ]
        pod = Pod(app=APP, main=container, checksum=checksum(*files.values(), *values.values()))
        self.pods = stateful_set(pod, scope, child, behind=peers(APP) if several else None)
        self.register_outputs({"service": self.service.metadata.name})


def _text(spec: Spec, public: str, copies: int) -> str:
    return conf.render(
        spec,
        listen=EVERYWHERE,
        public=public,
        port=PORTS.garage,
        rpc_port=PORTS.garage_rpc,
        admin_port=PORTS.garage_admin,
        metadata_dir=f"{DATA}/meta",
        data_dir=f"{DATA}/data",
        replication_factor=copies,
    )
