"""Who may speak to the API server: nobody of ours, unless an exception says why."""

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifests, at, breach, many, pods
from homelab.policy.violation import Violations

RBAC = {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
POWERS = {
    "secrets",
    "serviceaccounts/token",
    "nodes/proxy",
    "pods/exec",
    "pods/attach",
    "pods/ephemeralcontainers",
}
WRITING = {"create", "update", "patch", "delete", "deletecollection", "escalate", "bind", "impersonate", "*"}


def token(manifests: Manifests, _ledger: Ledger) -> Violations:
    why = "a stolen token speaks to the API server"
    for pod in pods(manifests):
        said = pod.spec.get("automountServiceAccountToken")
        if said is not False:
            given = "not set, which means true" if said is None else str(said).lower()
            fix = "set automountServiceAccountToken: false"
            yield pod.breach("tokens.mounted", "automountServiceAccountToken", given, why, fix)
        for number, volume in enumerate(many(pod.spec.get("volumes"))):
            for source in many(at(volume, "projected", "sources")):
                if "serviceAccountToken" in source:
                    path = f"volumes[{number}].projected"
                    yield pod.breach("tokens.mounted", path, "serviceAccountToken", why, "leave it out")
    for manifest in manifests:
        kind = manifest.get("kind")
        if kind == "ServiceAccount" and manifest.get("automountServiceAccountToken") is not False:
            fix = "set automountServiceAccountToken: false"
            yield breach(manifest, "tokens.mounted", "automountServiceAccountToken", "not false", why, fix)
        if kind == "Secret" and manifest.get("type") == "kubernetes.io/service-account-token":
            yield breach(manifest, "tokens.mounted", "type", str(manifest["type"]), why, "leave it out")


def roles(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Every right is an exception; a right to everything, to change, or to Secrets is one that none may give."""
    for manifest in manifests:
        if manifest.get("kind") not in RBAC:
            continue
        yield breach(
            manifest, "tokens.rights", "", "a right in the cluster", "no workload needs one", "leave it out"
        )
        for number, rule in enumerate(many(manifest.get("rules"))):
            groups, resources, verbs = (set(many(rule.get(key))) for key in ("apiGroups", "resources", "verbs"))
            path = f"rules[{number}]"
            fix = "name the resources that are read, with get, list and watch"
            if "*" in groups | resources | verbs:
                why = "a star is also all that there will ever be"
                yield breach(manifest, "tokens.wide", path, "*", why, fix)
            elif verbs & WRITING:
                given = ", ".join(sorted(verbs & WRITING))
                yield breach(manifest, "tokens.wide", path, given, "only a person changes the cluster", fix)
            if powers := sorted(resources & POWERS):
                yield breach(
                    manifest, "tokens.wide", path, ", ".join(powers), "it leads to every other right", fix
                )
        if at(manifest, "roleRef", "name") in {"cluster-admin", "admin", "edit"}:
            given = str(at(manifest, "roleRef", "name"))
            yield breach(manifest, "tokens.wide", "roleRef", given, "it is a right to change", "leave it out")
