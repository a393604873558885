"""How many replicas a burst workload has: between the one that is always there and what the ledger holds."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.autoscaling.v2 import (
    CrossVersionObjectReferenceArgs,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehaviorArgs,
    HorizontalPodAutoscalerSpecArgs,
    HPAScalingRulesArgs,
    MetricSpecArgs,
    MetricTargetArgs,
    ResourceMetricSourceArgs,
)

from homelab.components.labels import metadata
from homelab.components.scope import Scope
from homelab.specs import Autoscaling

RESOURCES = ("cpu", "memory")


def autoscaler(app: str, spec: Autoscaling, scope: Scope, opts: pulumi.ResourceOptions) -> HorizontalPodAutoscaler:
    """Of the Deployment of the same name."""
    settings = spec.settings()
    wait = HPAScalingRulesArgs(
        stabilization_window_seconds=int(settings["behavior.scaleDown.stabilizationWindowSeconds"])
    )
    return HorizontalPodAutoscaler(
        app,
        metadata=metadata(app, app, scope),
        spec=HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=CrossVersionObjectReferenceArgs(api_version="apps/v1", kind="Deployment", name=app),
            min_replicas=int(settings["minReplicas"]),
            max_replicas=int(settings["maxReplicas"]),
            metrics=[_target(resource, settings) for resource in RESOURCES],
            behavior=HorizontalPodAutoscalerBehaviorArgs(scale_down=wait),
        ),
        opts=opts,
    )


def _target(resource: str, settings: Mapping[str, str]) -> MetricSpecArgs:
    percent = int(settings[f"{resource}.averageUtilization"])
    target = MetricTargetArgs(type="Utilization", average_utilization=percent)
    return MetricSpecArgs(type="Resource", resource=ResourceMetricSourceArgs(name=resource, target=target))
