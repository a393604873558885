"""A stack for tests: the manifests of MANIFESTS (a JSON list), on the cluster of KUBECONFIG."""

import json
import os

import pulumi
import pulumi_kubernetes as kubernetes

KINDS = {
    "Namespace": kubernetes.core.v1.Namespace,
    "ConfigMap": kubernetes.core.v1.ConfigMap,
    "Secret": kubernetes.core.v1.Secret,
    "Service": kubernetes.core.v1.Service,
    "NetworkPolicy": kubernetes.networking.v1.NetworkPolicy,
}
GIVEN = {"metadata": "metadata", "spec": "spec", "data": "data", "stringData": "string_data"}

provider = kubernetes.Provider("cluster", kubeconfig=os.environ["KUBECONFIG"], enable_server_side_apply=True)
before: list[pulumi.Resource] = []
for manifest in json.loads(os.environ["MANIFESTS"]):
    kind = manifest["kind"]
    given = {name: manifest[key] for key, name in GIVEN.items() if key in manifest}
    if kind == "Secret":
        given["string_data"] = pulumi.Output.secret(given["string_data"])
    options = pulumi.ResourceOptions(provider=provider, depends_on=before[:1])  # the namespace is first
    before.append(KINDS[kind](f"{kind}-{manifest['metadata']['name']}", **given, opts=options))
