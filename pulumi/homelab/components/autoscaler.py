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
from homelab.specs.share import Share

RESOURCES = ("cpu", "memory")


def autoscaler(
    app: str, spec: Autoscaling, share: Share, scope: Scope, opts: pulumi.ResourceOptions
) -> HorizontalPodAutoscaler:
    """Of the Deployment of the same name. How many is the share's: of all hosts together, the spec is of one."""
    settings = spec.settings()
    wait = HPAScalingRulesArgs(
        stabilization_window_seconds=int(settings["behavior.scaleDown.stabilizationWindowSeconds"])
    )
    return HorizontalPodAutoscaler(
        app,
        metadata=metadata(app, app, scope),
        spec=HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=CrossVersionObjectReferenceArgs(api_version="apps/v1", kind="Deployment", name=app),
            min_replicas=share.replicas_min,
            max_replicas=share.replicas_max,
            metrics=[_target(resource, settings) for resource in RESOURCES],
            behavior=HorizontalPodAutoscalerBehaviorArgs(scale_down=wait),
        ),
        opts=opts,
    )


def _target(resource: str, settings: Mapping[str, str]) -> MetricSpecArgs:
    percent = int(settings[f"{resource}.averageUtilization"])
    target = MetricTargetArgs(type="Utilization", average_utilization=percent)
    return MetricSpecArgs(type="Resource", resource=ResourceMetricSourceArgs(name=resource, target=target))
