"""A service of the cluster alone: the tailnet's subnet route is the only way to it from elsewhere."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs

from homelab.components.labels import metadata, selected
from homelab.components.scope import Scope

POD_NAME = "statefulset.kubernetes.io/pod-name"
"""The label that a StatefulSet gives each of its pods."""


def service(app: str, ports: Mapping[str, int], scope: Scope, opts: pulumi.ResourceOptions) -> Service:
    """`ports` by name; pods listen on the same."""
    doors = [ServicePortArgs(name=name, port=port, target_port=name) for name, port in ports.items()]
    spec = ServiceSpecArgs(type="ClusterIP", selector=selected(app), ports=doors)
    return Service(app, metadata=metadata(app, app, scope), spec=spec, opts=opts)


def headless(app: str, ports: Mapping[str, int], scope: Scope, opts: pulumi.ResourceOptions) -> Service:
    """A name for each pod, `<pod>.<app>-peers`, by which they find each other before they are ready."""
    name = peers(app)
    doors = [ServicePortArgs(name=door, port=port, target_port=door) for door, port in ports.items()]
    spec = ServiceSpecArgs(
        type="ClusterIP",
        cluster_ip="None",
        selector=selected(app),
        ports=doors,
        publish_not_ready_addresses=True,
    )
    return Service(name, metadata=metadata(name, app, scope), spec=spec, opts=opts)


def peers(app: str) -> str:
    return f"{app}-peers"


def of_pod(app: str, number: int, ports: Mapping[str, int], scope: Scope, opts: pulumi.ResourceOptions) -> Service:
    """An address that stays one pod's own: the pod has another after each start, this one never has."""
    name = f"{app}-{number}"
    doors = [ServicePortArgs(name=door, port=port, target_port=door) for door, port in ports.items()]
    spec = ServiceSpecArgs(
        type="ClusterIP",
        selector={**selected(app), POD_NAME: name},
        ports=doors,
        publish_not_ready_addresses=True,
    )
    return Service(name, metadata=metadata(name, app, scope), spec=spec, opts=opts)
