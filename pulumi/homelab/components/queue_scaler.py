"""How many workers a stage has by the length of its queue: KEDA's object in place of an HPA of ours.

https://keda.sh/docs/2.18/scalers/nats-jetstream/
"""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from homelab.components.labels import metadata
from homelab.components.scope import NAMESPACE, PORTS, Scope
from homelab.components.service import peers
from homelab.specs import Autoscaling
from homelab.specs.share import Share
from pipeline.routes import ROUTES

LAG = 4
"""Messages that wait or are in work, for each worker: a document takes tens of seconds, a new worker about ten to
start, so that it begins where two more would wait behind the one in work and the next."""

POLLING = 10
"""Seconds between two looks at the queue; one look is one small request."""

ACCOUNT = "$G"
"""NATS' own name for the one account of a server that has no accounts."""


def queue_scaler(
    app: str, stage: str, spec: Autoscaling, share: Share, scope: Scope, opts: pulumi.ResourceOptions
) -> CustomResource:
    """Of the Deployment of the same name. Its maximum is the ledger's, and one worker is always there."""
    settings, route = spec.settings(), ROUTES[stage]
    window = int(settings["behavior.scaleDown.stabilizationWindowSeconds"])
    return CustomResource(
        f"{app}-queue",
        api_version="keda.sh/v1alpha1",
        kind="ScaledObject",
        metadata=metadata(app, app, scope),
        spec={
            "scaleTargetRef": {"name": app},
            "minReplicaCount": share.replicas_min,
            "maxReplicaCount": share.replicas_max,
            "pollingInterval": POLLING,
            "advanced": {
                "horizontalPodAutoscalerConfig": {
                    "behavior": {"scaleDown": {"stabilizationWindowSeconds": window}}
                }
            },
            "triggers": [
                {
                    "type": "nats-jetstream",
                    "metadata": {
                        # By this name each server has one of its own, `<server>.<this>`: a consumer's leader
                        # alone knows how much waits.
                        "natsServerMonitoringEndpoint": f"{peers('nats')}.{NAMESPACE}.svc:{PORTS.nats_monitor}",
                        "account": ACCOUNT,
                        "stream": route.stream,
                        "consumer": route.stage,
                        "lagThreshold": str(LAG),
                    },
                }
            ],
        },
        opts=opts,
    )
