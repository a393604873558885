"""Oxigraph: the knowledge graph."""

from dataclasses import dataclass

import pulumi

from homelab.components.network import policy
from homelab.components.pod import Container, Pod
from homelab.components.probes import Http, Probes, Run
from homelab.components.scope import EVERYWHERE, PORTS, Scope, Workload
from homelab.components.service import service
from homelab.components.sets import stateful_set
from homelab.components.volumes import Claim
from homelab.specs import Oxigraph as Spec

APP = "oxigraph"
DATA = "/data"

ROOM_MIB = 16
"""MiB free from which a new start may help, as on the local platform."""

_WRITES = """\
exec 3<>/dev/tcp/127.0.0.1/{port} || exit 1
head=('POST /update HTTP/1.0' 'Host: localhost' 'Content-Type: application/sparql-update' 'Content-Length: 14')
printf '%s\\r\\n' "${{head[@]}}" '' >&3
printf 'INSERT DATA {{}}' >&3
read -r version status rest <&3
[[ $status == 204 ]] && exit 0
(( $(df --output=avail --block-size=1M {data} | tail --lines=1) < {room} ))
"""


def writes(port: int, data: str) -> tuple[str, ...]:
    """A command that fails unless it takes an update, which changes nothing.

    After a full disk it answers queries and refuses every update until it is started anew (docs/full-disk.md).
    While there is no room a refusal counts as well, because a new start would only cost the queries.
    """
    return ("bash", "-c", _WRITES.format(port=port, data=data, room=ROOM_MIB))


@dataclass(frozen=True, slots=True)
class Inputs:
    scope: Scope
    workload: Workload
    spec: Spec


class Oxigraph(pulumi.ComponentResource):
    """A StatefulSet of one with its claim. It knows no login: the network policies say who may ask."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:Oxigraph", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        options = [f"--{name}={value}" for name, value in inputs.spec.settings().items()]
        door = ("--location", f"{DATA}/oxigraph", "--bind", f"{EVERYWHERE}:{PORTS.oxigraph}")
        container = Container(
            name=APP,
            workload=inputs.workload,
            args=("serve", *door, *options),
            ports={"http": PORTS.oxigraph},
            probes=Probes(
                live=Run(writes(PORTS.oxigraph, DATA)),
                ready=Http("/query?query=ASK%7B%7D", PORTS.oxigraph),
                start_within=120,  # its log is replayed first
            ),
            volumes=(Claim(DATA),),
        )
        self.policy = policy(APP, scope, child)
        self.service = service(APP, {"http": PORTS.oxigraph}, scope, child)
        self.pods = stateful_set(Pod(app=APP, main=container), scope, child)
        self.register_outputs({"service": self.service.metadata.name})
