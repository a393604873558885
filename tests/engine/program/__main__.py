"""A stack for tests: what PROGRAM (a JSON document) says, on the cluster of KUBECONFIG.

{"namespace": name, "config_maps": n, "secrets": [text, …], "jobs": {name: image}, "data": text,
 "more": {key: text}, "label": text}: `more` stands in every config map; the label is a secret too, on a map of
 its own
"""

import json
import os

import pulumi
import pulumi_kubernetes as kubernetes

wanted = json.loads(os.environ["PROGRAM"])
name = wanted["namespace"]
provider = kubernetes.Provider(
    "cluster",
    kubeconfig=os.environ["KUBECONFIG"],
    enable_server_side_apply=True,
    enable_config_map_mutable=True,
    enable_secret_mutable=True,
)
given = pulumi.ResourceOptions(provider=provider)
namespace = kubernetes.core.v1.Namespace("namespace", metadata={"name": name}, opts=given)
below = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])

for number in range(wanted.get("config_maps", 0)):
    kubernetes.core.v1.ConfigMap(
        f"config-{number}",
        metadata={"name": f"config-{number}", "namespace": name},
        data={"value": wanted.get("data", "first"), "number": str(number), **wanted.get("more", {})},
        opts=below,
    )

for number, text in enumerate(wanted.get("secrets", ())):
    kubernetes.core.v1.Secret(
        f"secret-{number}",
        metadata={"name": f"secret-{number}", "namespace": name},
        string_data={"value": pulumi.Output.secret(text)},
        opts=below,
    )

for job, image in wanted.get("jobs", {}).items():
    kubernetes.batch.v1.Job(
        job,
        metadata={"name": job, "namespace": name},
        spec={
            "template": {
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": image}]},
            }
        },
        opts=below,
    )

if "label" in wanted:
    kubernetes.core.v1.ConfigMap(
        "labelled",
        metadata={"name": "labelled", "namespace": name, "labels": {"of": pulumi.Output.secret(wanted["label"])}},
        opts=below,
    )
