"""What kinds of object there are, and where: what no policy has judged does not reach the cluster."""

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import NAME, Manifests, at, breach, pods, workload_of
from homelab.policy.violation import Violations

NAMESPACE = "ai-infrastructure"

KINDS = {
    "Namespace": "v1",
    "ServiceAccount": "v1",
    "Secret": "v1",
    "ConfigMap": "v1",
    "Service": "v1",
    "Endpoints": "v1",
    "EndpointSlice": "discovery.k8s.io/v1",
    "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "ScaledObject": "keda.sh/v1alpha1",
    "Cluster": "postgresql.cnpg.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "NetworkPolicy": "networking.k8s.io/v1",
}
"""Kind → the version of its API that the policies read."""

STANDARD = "pod-security.kubernetes.io/enforce"


def kinds(manifests: Manifests, _ledger: Ledger) -> Violations:
    for manifest in manifests:
        kind, version = str(manifest.get("kind")), str(manifest.get("apiVersion"))
        if KINDS.get(kind) != version:
            why = "no policy reads it"
            fix = "use one of the kinds in homelab/policy/names.py, or write a policy for it"
            yield breach(manifest, "names.kinds", "", f"{version} {kind}", why, fix)


def namespace(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Everything is in our namespace, whose name nothing else uses; the namespace enforces a standard for pods."""
    for manifest in manifests:
        if manifest.get("kind") == "Namespace":
            if at(manifest, "metadata", "name") != NAMESPACE:
                given = str(at(manifest, "metadata", "name"))
                why, fix = "other namespaces are other people's", f"use {NAMESPACE}"
                yield breach(manifest, "names.namespace", "metadata.name", given, why, fix)
            standard = at(manifest, "metadata", "labels", STANDARD)
            if standard not in {"restricted", "baseline"}:
                why = "the API server itself should refuse a pod that asks for the node's rights"
                given = str(standard or "not set")
                yield breach(
                    manifest, "names.standard", f"metadata.labels.{STANDARD}", given, why, "set restricted"
                )
            continue
        given = at(manifest, "metadata", "namespace")
        if given != NAMESPACE:
            why = "without ours it would land in another namespace, past our network policies"
            path, fix = "metadata.namespace", f"set {NAMESPACE}"
            yield breach(manifest, "names.namespace", path, str(given or "not set"), why, fix)


def once(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Two objects of one name overwrite each other in turn."""
    seen = set()
    for manifest in manifests:
        key = (manifest.get("kind"), at(manifest, "metadata", "namespace"), at(manifest, "metadata", "name"))
        if key in seen:
            why, fix = "two of one name overwrite each other", "give it a name of its own"
            yield breach(manifest, "names.once", "metadata.name", str(key[2]), why, fix)
        seen.add(key)


def identity(manifests: Manifests, _ledger: Ledger) -> Violations:
    """A workload's pods bear its name: with another's they would have its flows, and answer to its Service."""
    for pod in pods(manifests):
        said, own = pod.labels.get(NAME), workload_of(pod.manifest)
        if said != own:
            why = "Services and network policies know a workload by this label"
            path = f"spec.template.metadata.labels.{NAME}"
            yield breach(pod.manifest, "names.identity", path, str(said or "not set"), why, f"set {own}")
