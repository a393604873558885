"""Requests and limits in Kubernetes' notation."""

from pulumi_kubernetes.core.v1 import ResourceRequirementsArgs

from homelab.specs.share import Share
from homelab.units import quantity_cpu, quantity_mib


def resources(share: Share) -> ResourceRequirementsArgs:
    return ResourceRequirementsArgs(
        requests={"memory": quantity_mib(share.request_mib), "cpu": quantity_cpu(share.cpu_request_m)},
        limits={"memory": quantity_mib(share.limit_mib), "cpu": quantity_cpu(share.cpu_limit_m)},
    )
