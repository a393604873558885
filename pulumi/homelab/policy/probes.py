"""Readiness: nothing gets requests before it can answer them, and what hangs is started anew."""

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifests, at, pods
from homelab.policy.violation import Violations

SERVING = {"Deployment", "StatefulSet"}
HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


def probes(manifests: Manifests, _ledger: Ledger) -> Violations:
    for pod in pods(manifests):
        if pod.manifest.get("kind") not in SERVING:
            continue
        for container in pod.containers:
            if container.stage not in {"main", "sidecar"}:
                continue
            for probe in ("readinessProbe", "livenessProbe"):
                if any(at(container.spec, probe, handler) is not None for handler in HANDLERS):
                    continue
                path = f"{container.place}.{probe}"
                why = "requests reach it before it is ready"
                if probe == "livenessProbe":
                    why = "a process that hangs stays"
                yield pod.breach("probes.present", path, "none", why, "add the product's own health check")
