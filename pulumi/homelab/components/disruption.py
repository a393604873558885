"""Disruption budgets: where there are several pods, a node that is emptied for work takes one at a time."""

import pulumi
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from homelab.components.labels import metadata, selector
from homelab.components.scope import Scope


def disruption(app: str, replicas: int, scope: Scope, opts: pulumi.ResourceOptions) -> PodDisruptionBudget | None:
    """None for a single pod: a budget that lets nobody take it would only keep its node from being emptied."""
    if replicas < 2:
        return None
    spec = PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector(app))
    return PodDisruptionBudget(app, metadata=metadata(app, app, scope), spec=spec, opts=opts)
