"""What may be wrong with an object that is no pod, and objects that should not be there."""

from typing import Any

from seeds.mutation import STRANGERS, Object, fit, of

OURS = "ai-infrastructure"

# how many


@of("Deployment")
def too_many_replicas(o: Any) -> None:
    o["spec"]["replicas"] = 50


@of("StatefulSet")
def too_many_members(o: Any) -> None:
    o["spec"]["replicas"] = 50


@of("Deployment")
def surge(o: Any) -> None:
    o["spec"]["replicas"] = 3
    o["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3}}


@of("Job")
def parallel_job(o: Any) -> None:
    o["spec"]["parallelism"] = 20


@of("CronJob")
def runs_beside_itself(o: Any) -> None:
    o["spec"]["concurrencyPolicy"] = "Allow"


@of("HorizontalPodAutoscaler")
def scaled_beyond_the_ledger(o: Any) -> None:
    o["spec"]["maxReplicas"] = 100


@of("HorizontalPodAutoscaler")
def scaled_up_at_rest(o: Any) -> None:
    o["spec"]["minReplicas"] = 90


# where


@of()
def another_namespace(o: Any) -> None:
    fit(o["kind"] != "Namespace")
    o["metadata"]["namespace"] = "kube-system"


@of()
def no_namespace(o: Any) -> None:
    fit(o["kind"] != "Namespace")
    del o["metadata"]["namespace"]


@of("Namespace")
def namespace_without_a_standard(o: Any) -> None:
    del o["metadata"]["labels"]


@of("Namespace")
def privileged_namespace(o: Any) -> None:
    o["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = "privileged"


@of("Deployment", "StatefulSet")
def renamed_past_the_ledger(o: Any) -> None:
    o["metadata"]["name"] = "miner"


@of("Deployment", "StatefulSet", "Job")
def label_of_another_workload(o: Any) -> None:
    fit(o["metadata"]["name"] != "garage")
    o["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "garage"


@of("Deployment")
def daemon_set(o: Any) -> None:
    o["kind"] = "DaemonSet"


# doors


@of("Service")
def load_balancer(o: Any) -> None:
    o["spec"]["type"] = "LoadBalancer"


@of("Service")
def node_port(o: Any) -> None:
    o["spec"]["type"] = "NodePort"
    o["spec"]["ports"][0]["nodePort"] = 30080


@of("Service")
def external_address(o: Any) -> None:
    o["spec"]["externalIPs"] = ["203.0.113.7"]


@of("Service")
def name_of_another_host(o: Any) -> None:
    o["spec"] = {"type": "ExternalName", "externalName": "example.com"}


@of("Service")
def exposed_by_the_operator(o: Any) -> None:
    o["metadata"]["annotations"] = {"tailscale.com/funnel": "true"}


@of("Service")
def service_for_everyone(o: Any) -> None:
    fit(o["spec"].get("selector"))
    del o["spec"]["selector"]


@of("Service")
def service_for_nobody(o: Any) -> None:
    fit(o["spec"].get("selector"))
    o["spec"]["selector"] = {"app.kubernetes.io/name": "natz"}


@of("Endpoints")
def public_endpoint(o: Any) -> None:
    o["subsets"][0]["addresses"] = [{"ip": "93.184.215.14"}]


@of("Endpoints")
def metadata_endpoint(o: Any) -> None:
    o["subsets"][0]["addresses"] = [{"ip": "169.254.169.254"}]


# rights


@of("ServiceAccount")
def account_with_a_token(o: Any) -> None:
    o["automountServiceAccountToken"] = True


@of("ServiceAccount")
def account_with_a_token_by_default(o: Any) -> None:
    del o["automountServiceAccountToken"]


@of("Secret")
def long_lived_token(o: Any) -> None:
    o["type"] = "kubernetes.io/service-account-token"


# disk


@of("StatefulSet")
def claim_above_the_budget(o: Any) -> None:
    fit(o["spec"].get("volumeClaimTemplates"))
    o["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] = "90Ti"


@of("StatefulSet")
def claim_without_a_size(o: Any) -> None:
    fit(o["spec"].get("volumeClaimTemplates"))
    del o["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]


@of("StatefulSet")
def claim_for_many_writers(o: Any) -> None:
    fit(o["spec"].get("volumeClaimTemplates"))
    o["spec"]["volumeClaimTemplates"][0]["spec"]["accessModes"] = ["ReadWriteMany"]


@of("StatefulSet")
def data_goes_with_the_workload(o: Any) -> None:
    o["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": "Delete"}


@of("StatefulSet", "Deployment", "Service", "ConfigMap")
def unknown_version_of_its_kind(o: Any) -> None:
    o["apiVersion"] = "example.com/v1"


def _object(version: str, kind: str, name: str, /, **rest: Any) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": OURS}, **rest}


_RBAC = "rbac.authorization.k8s.io/v1"
_ANYTHING = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
_READ_SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
_ADMIN = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}

STRANGERS |= {
    "an_ingress": _object(
        "networking.k8s.io/v1", "Ingress", "door", spec={"rules": [{"host": "lab.example.com"}]}
    ),
    "a_gateway": _object("gateway.networking.k8s.io/v1", "Gateway", "door", spec={"gatewayClassName": "any"}),
    "a_traefik_route": _object("traefik.io/v1alpha1", "IngressRoute", "door", spec={"routes": []}),
    "a_bare_pod": _object("v1", "Pod", "shell", spec={"containers": [{"name": "shell", "image": "busybox"}]}),
    "a_daemon_set": _object("apps/v1", "DaemonSet", "agent", spec={"template": {"spec": {"containers": []}}}),
    "a_right_to_everything": _object(_RBAC, "ClusterRole", "all", rules=_ANYTHING),
    "a_right_to_secrets": _object(_RBAC, "Role", "reader", rules=_READ_SECRETS),
    "an_administrator": _object(_RBAC, "ClusterRoleBinding", "admin", roleRef=_ADMIN),
    "a_volume_of_the_node": _object("v1", "PersistentVolume", "root", spec={"hostPath": {"path": "/"}}),
    "a_claim_of_nobody": _object(
        "v1",
        "PersistentVolumeClaim",
        "hoard",
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Ti"}}},
    ),
    "a_webhook": _object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "hook"),
    "another_namespace_of_ours": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
    "an_open_policy": _object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "open",
        spec={"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
    ),
}
