"""A name inside the cluster for what another machine serves, so that a changed address is changed in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.discovery.v1 import EndpointArgs, EndpointPortArgs, EndpointSlice
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from homelab.components.labels import labels, metadata
from homelab.components.scope import Scope

SERVICE = "kubernetes.io/service-name"
"""The label by which a slice belongs to its Service."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """`address` is an IP, or a name that the nodes can resolve."""

    name: str
    scope: Scope
    address: str
    ports: Mapping[str, int]


class OutsideService(pulumi.ComponentResource):
    """Without pods behind it. An IP stands in an EndpointSlice; a name, which no slice can hold, is an alias.

    It is headless: its name leads straight to the machine, by IPv6 on a cluster without it too, and network
    policies see the address that lab.yaml says.
    """

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:OutsideService", inputs.name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        version = _version(inputs.address)
        doors = [ServicePortArgs(name=name, port=port) for name, port in inputs.ports.items()]
        if version is None:
            spec = ServiceSpecArgs(type="ExternalName", external_name=inputs.address, ports=doors)
        else:
            spec = ServiceSpecArgs(type="ClusterIP", cluster_ip="None", ports=doors)
            self.slice = _slice(inputs, f"IPv{version}", child)
        named = metadata(inputs.name, inputs.name, inputs.scope)
        self.service = Service(inputs.name, metadata=named, spec=spec, opts=child)
        self.register_outputs({"service": self.service.metadata.name})


def _slice(inputs: Inputs, family: str, opts: pulumi.ResourceOptions) -> EndpointSlice:
    return EndpointSlice(
        inputs.name,
        metadata=ObjectMetaArgs(
            name=inputs.name,
            namespace=inputs.scope.namespace,
            labels={**labels(inputs.name), SERVICE: inputs.name},
        ),
        address_type=family,
        endpoints=[EndpointArgs(addresses=[inputs.address])],
        ports=[EndpointPortArgs(name=name, port=port, protocol="TCP") for name, port in inputs.ports.items()],
        opts=opts,
    )


def _version(address: str) -> int | None:
    """4 or 6; None for a name."""
    try:
        return ip_address(address).version
    except ValueError:
        return None
