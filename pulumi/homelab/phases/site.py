"""What every phase is given: the lab, its plan, the images and the secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import pulumi

from homelab.components.scope import NAMESPACE, Image, Scope, Workload
from homelab.errors import InvalidInput, Problem
from homelab.gates import replicas
from homelab.inference import Server, servers
from homelab.lab import Lab
from homelab.planner import HostPlan, LabPlan
from homelab.specs import Spec
from homelab.specs.least import least_disk
from homelab.specs.share import share, together

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True, slots=True)
class Site:
    """`images` by consumer; `secrets` by file and key, masked where only manifests are wanted."""

    lab: Lab
    plan: LabPlan
    images: Mapping[str, Image]
    secrets: Mapping[str, Mapping[str, str]]
    provider: pulumi.ProviderResource | None = None

    @property
    def opts(self) -> pulumi.ResourceOptions:
        """The cluster that lab.yaml names, for every component."""
        return pulumi.ResourceOptions(provider=self.provider)

    @property
    def storage_class(self) -> str | None:
        return None if self.lab.cluster is None else self.lab.cluster.storage_class

    @property
    def operators(self) -> frozenset[str]:
        """Those that serve something here: one Postgres alone needs none."""
        named = frozenset(() if self.lab.cluster is None else self.lab.cluster.operators or ())
        return named if len(self.hosts("postgres")) > 1 else named - {"cloudnative-pg"}

    @property
    def scope(self) -> Scope:
        """For the phases after the first, which makes the namespace."""
        return Scope(NAMESPACE, self.storage_class, self.operators)

    @property
    def inside(self) -> tuple[HostPlan, ...]:
        """The hosts that are nodes."""
        return tuple(host for host in self.plan.hosts if host.name in self.lab.nodes)

    @property
    def servers(self) -> tuple[Server, ...]:
        """Of models, on hosts that are no nodes."""
        return servers(self.lab, (host for host in self.plan.hosts if host.name not in self.lab.nodes))

    def placed(self, consumer: str) -> bool:
        """Whether it runs in the cluster."""
        return any(consumer in host.budget for host in self.inside)

    def hosts(self, consumer: str) -> tuple[HostPlan, ...]:
        """The nodes on which it is placed."""
        return tuple(host for host in self.inside if consumer in host.budget)

    def host(self, consumer: str) -> HostPlan:
        """The node that gives it the least memory: its settings hold on the others too.

        Raises KeyError when it is on none.
        """
        hosts = self.hosts(consumer)
        if not hosts:
            raise KeyError(consumer)
        return min(hosts, key=lambda host: host.budget.line(consumer).limit.value)

    def spec(self, consumer: str, kind: type[S], key: str | None = None) -> S:
        """Of the host with the least memory; what follows from its disk, from the host with the least of that.

        `key` is for settings that several consumers share.
        """
        first, *others = sorted(self.hosts(consumer), key=lambda host: host.budget.line(consumer).limit.value)
        found = _spec(first, key or consumer, kind)
        return reduce(least_disk, (_spec(host, key or consumer, kind) for host in others), found)

    def workload(self, consumer: str) -> Workload:
        """On the nodes of its hosts alone where there are others, with what each of them gives."""
        hosts = self.hosts(consumer)
        nodes = tuple(self.lab.nodes[host.name] for host in hosts) if len(self.lab.nodes) > 1 else ()
        return Workload(self.images[consumer], together([share(host.budget, consumer) for host in hosts]), nodes)

    def secret(self, file: str, key: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(self.secrets[file][key])

    def require_replicas(self, consumers: Sequence[str]) -> None:
        """Raises InvalidInput with every reason why the hosts of a consumer cannot keep its data together."""
        problems = [
            problem
            for consumer in consumers
            for problem in replicas.refused(
                consumer,
                [(host.facts, host.budget) for host in self.hosts(consumer)],
                self.lab.path.name,
                self.operators,
            )
        ]
        if problems:
            raise InvalidInput(*problems)

    def require(self, stack: str, consumers: Sequence[str]) -> None:
        """Raises InvalidInput with every consumer that the stack cannot do without and that no node has."""
        if self.lab.cluster is None:
            fix = "add cluster: to lab.yaml, as lab.example.yaml shows"
            raise InvalidInput(Problem(self.lab.path.name, "no cluster", f"{stack} is for one", fix))
        problems = [
            Problem(
                f"{self.lab.path.name} hosts",
                f"{consumer} is placed on no node",
                f"{stack} needs {', '.join(consumers)}",
                f"add {consumer} to place of {' or '.join(self.lab.nodes)}",
            )
            for consumer in consumers
            if not self.placed(consumer)
        ]
        if problems:
            raise InvalidInput(*problems)


def _spec(host: HostPlan, key: str, kind: type[S]) -> S:
    found = host.specs[key]
    if not isinstance(found, kind):
        raise TypeError(f"{key} has a {type(found).__name__}, not a {kind.__name__}")
    return found
