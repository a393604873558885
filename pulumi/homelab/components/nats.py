"""NATS with JetStream: the streams between the stages."""

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from homelab.components.checksum import checksum
from homelab.components.files import config_map, secret
from homelab.components.flows import KEDA, PEERS
from homelab.components.network import policy
from homelab.components.pod import Container, Key, Pod
from homelab.components.probes import Http, Probes
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import headless, peers, service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim, Config
from homelab.config import nats as conf
from homelab.specs import Nats as Spec

APP = "nats"
DATA = "/data"
CONFIG = "/etc/nats"

ALONE = Probes(
    # Without a parameter it tells of a store that a full disk silenced: only a new start heals it.
    live=Http("/healthz", PORTS.nats_monitor),
    ready=Http("/healthz?js-enabled-only=true", PORTS.nats_monitor),
    start_within=120,  # it reads the state of every stream first
)

TOGETHER = Probes(
    # Without a parameter it also tells of others that are away, which no new start of this one would mend.
    live=Http("/healthz?js-enabled-only=true", PORTS.nats_monitor),
    ready=Http("/healthz?js-server-only=true", PORTS.nats_monitor),
    # Its streams are whole again before the next one is changed.
    begun=Http("/healthz", PORTS.nats_monitor),
    start_within=600,  # while the others start, and until what it missed has been copied
)


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec
    password: pulumi.Input[str]


class Nats(pulumi.ComponentResource):
    """A StatefulSet with its claims, its configuration and its password, behind a Service.

    Placed on several hosts it has a server on each, and they keep the streams together.
    """

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Nats", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        servers = inputs.workload.share.replicas_min
        several = servers > 1
        text = conf.render(
            inputs.spec,
            listen=EVERYWHERE,
            port=PORTS.nats,
            monitor_port=PORTS.nats_monitor,
            store_dir=f"{DATA}/jetstream",
            cluster=conf.Cluster(servers, PEERS[APP]) if several else None,
        )
        config = config_map(APP, APP, {"nats.conf": text}, scope, child)
        routes = _routes(inputs.password, servers) if several else {}
        login = secret(APP, APP, {"password": inputs.password, **routes}, scope, child)
        doors = {"client": PORTS.nats, "monitor": PORTS.nats_monitor}
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("--config", f"{CONFIG}/nats.conf"),
            env=conf.environment(inputs.spec),
            secret_env={
                "NATS_PASSWORD": Key(login.metadata.name, "password"),
                **{f"{conf.ROUTE}{number}": Key(login.metadata.name, key) for number, key in enumerate(routes)},
            },
            own_env={conf.SERVER_NAME: "metadata.name"} if several else {},
            ports={**doors, "cluster": PEERS[APP]} if several else doors,
            probes=TOGETHER if several else ALONE,
            volumes=(Claim(DATA), Config(CONFIG, config.metadata.name)),
        )
        self.policy = policy(APP, scope, child, peers=several)
        self.service = service(APP, {"client": PORTS.nats}, scope, child)
        pod = Pod(app=APP, main=container, checksum=checksum(text, inputs.password), stop_within=60)
        if several or KEDA in scope.operators:
            asked = {"monitor": PORTS.nats_monitor}
            self.peers = headless(APP, {"cluster": PEERS[APP], **asked} if several else asked, scope, child)
        self.pods = stateful_set(pod, scope, child, behind=peers(APP) if several else None)
        self.register_outputs({"service": self.service.metadata.name})


def _routes(password: pulumi.Input[str], servers: int) -> dict[str, pulumi.Output[str]]:
    """To every server, itself included, which it notices."""
    known = pulumi.Output.from_input(password)
    hosts = [f"{APP}-{number}.{peers(APP)}" for number in range(servers)]
    return {f"route-{number}": known.apply(_to(host)) for number, host in enumerate(hosts)}


def _to(host: str) -> Callable[[str], str]:
    return lambda password: conf.route(host, PEERS[APP], password)
