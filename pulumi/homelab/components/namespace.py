"""The platform's namespace: its standard for pods, and silence unless a flow is named."""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as KubernetesNamespace
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from homelab.components.labels import PART_OF, labels
from homelab.components.network import default_deny
from homelab.components.scope import NAMESPACE, Scope
from homelab.components.security import STANDARD


class Namespace(pulumi.ComponentResource):
    """`scope` is for what goes into it. The namespace stays when the stack goes: with it would go every volume."""

    def __init__(
        self,
        storage_class: str | None,
        operators: frozenset[str] = frozenset(),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("homelab:components:Namespace", NAMESPACE, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        standard = {f"pod-security.kubernetes.io/{mode}": STANDARD for mode in ("enforce", "warn", "audit")}
        self.namespace = KubernetesNamespace(
            NAMESPACE,
            metadata=ObjectMetaArgs(name=NAMESPACE, labels={**labels(PART_OF), **standard}),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.scope = Scope(self.namespace.metadata.name, storage_class, operators)
        self.policy = default_deny(self.scope, child)
        self.register_outputs({"name": self.namespace.metadata.name})
