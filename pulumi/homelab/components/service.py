"""A service of the cluster alone: the tailnet's subnet route is the only way to it from elsewhere."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs

from homelab.components.labels import metadata, selected
from homelab.components.scope import Scope


def service(app: str, ports: Mapping[str, int], scope: Scope, opts: pulumi.ResourceOptions) -> Service:
    """`ports` by name; pods listen on the same."""
    doors = [ServicePortArgs(name=name, port=port, target_port=name) for name, port in ports.items()]
    spec = ServiceSpecArgs(type="ClusterIP", selector=selected(app), ports=doors)
    return Service(app, metadata=metadata(app, app, scope), spec=spec, opts=opts)
