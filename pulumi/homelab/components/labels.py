"""The recommended labels of Kubernetes; the app's name alone selects its pods.

https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
"""

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from homelab.components.scope import Scope

NAME = "app.kubernetes.io/name"
PART_OF = "homelab"

POSTGRES = "supabase-postgres"
CLOUDNATIVE_PG = "cloudnative-pg"


def selected(app: str) -> dict[str, str]:
    return {NAME: app}


def labels(app: str) -> dict[str, str]:
    return {
        **selected(app),
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": "pulumi",
    }


def selector(app: str) -> LabelSelectorArgs:
    return LabelSelectorArgs(match_labels=selected(app))


def chosen(app: str, scope: Scope) -> LabelSelectorArgs:
    """Of pods that may be an operator's, which gives them labels of its own."""
    if app == POSTGRES and CLOUDNATIVE_PG in scope.operators:
        return LabelSelectorArgs(match_labels={"cnpg.io/cluster": app})
    return selector(app)


def metadata(name: pulumi.Input[str], app: str, scope: Scope) -> ObjectMetaArgs:
    return ObjectMetaArgs(name=name, namespace=scope.namespace, labels=labels(app))
