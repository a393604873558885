"""The servers of models on machines beside the platform's own: what each serves, and where it answers."""

from collections.abc import Iterable
from dataclasses import dataclass

from homelab.config.litellm import Route
from homelab.lab import Lab
from homelab.llm import Load
from homelab.situation import HostPlan
from homelab.specs.llama_server import PORT as LLAMA_SERVER
from homelab.specs.ollama import PORT as OLLAMA
from homelab.specs.ollama import pulled

PORTS = {"llama-server": LLAMA_SERVER, "ollama": OLLAMA}


@dataclass(frozen=True, slots=True)
class Server:
    """`kind` is its consumer; `address` is the host's, as lab.yaml says it: a name, or an IP."""

    kind: str
    host: str
    address: str
    loads: tuple[Load, ...]

    @property
    def name(self) -> str:
        """What the cluster calls it, as `ollama-pi-control`."""
        return f"{self.kind}-{self.host}"

    @property
    def port(self) -> int:
        return PORTS[self.kind]

    def routes(self, at: str) -> tuple[Route, ...]:
        """Each of its models under its own name, where `at` is the host to ask."""
        door = f"http://[{at}]:{self.port}" if ":" in at else f"http://{at}:{self.port}"
        if self.kind == "llama-server":
            # It has one model and answers with it, whatever name it is asked by.
            named = [(f"openai/{load.model.name}", f"{door}/v1") for load in self.loads]
        else:
            api = {True: "ollama", False: "ollama_chat"}
            named = [(f"{api[load.model.embedding]}/{pulled(load)}", door) for load in self.loads]
        return tuple(
            Route(load.model.name, model, endpoint, embeds=load.model.embedding)
            for load, (model, endpoint) in zip(self.loads, named, strict=True)
        )


def servers(lab: Lab, hosts: Iterable[HostPlan]) -> tuple[Server, ...]:
    """Those placed on `hosts`, which are of this lab and planned."""
    return tuple(
        Server(kind, host.name, lab.hosts[host.name].address, tuple(host.budget.servings[kind].fit.setup.loads))
        for host in hosts
        for kind in PORTS
        if kind in host.budget.servings
    )
