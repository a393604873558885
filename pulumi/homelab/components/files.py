"""ConfigMaps and Secrets: what pods read as files, or as variables."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from homelab.components.labels import metadata
from homelab.components.scope import Scope


def config_map(
    name: str, app: str, files: Mapping[str, pulumi.Input[str]], scope: Scope, opts: pulumi.ResourceOptions
) -> ConfigMap:
    return ConfigMap(name, metadata=metadata(name, app, scope), data=dict(files), opts=opts)


def secret(
    name: str, app: str, values: Mapping[str, pulumi.Input[str]], scope: Scope, opts: pulumi.ResourceOptions
) -> Secret:
    """The values are secrets of the engine too, whatever they came as."""
    hidden = {key: pulumi.Output.secret(value) for key, value in values.items()}
    return Secret(name, metadata=metadata(name, app, scope), type="Opaque", string_data=hidden, opts=opts)
