"""Postgres on several hosts, under CloudNativePG: one writes, others follow, one of which takes its place.

https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
"""

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from homelab.components.labels import labels, metadata
from homelab.components.network import Outside, policy
from homelab.components.postgres import APP, Inputs
from homelab.config import postgres as conf
from homelab.units import quantity_cpu, quantity_gib, quantity_mib

LOGIN = f"{APP}-login"

API_PORT = 6443
"""Each instance asks the API server who writes now, behind its service's 443."""

VECTOR = "CREATE EXTENSION IF NOT EXISTS vector"
"""By the superuser, whom nobody else can be: the owner of the database could not."""


class PostgresCluster(pulumi.ComponentResource):
    """The operator's object, and the service of the name that the pipeline knows."""

    def __init__(self, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("homelab:components:PostgresCluster", APP, None, opts)
        child, scope = pulumi.ResourceOptions(parent=self), inputs.scope
        values: dict[str, pulumi.Input[str]] = {
            "username": conf.USER,
            "password": pulumi.Output.secret(inputs.password),
        }
        self.login = Secret(
            LOGIN,
            metadata=metadata(LOGIN, APP, scope),
            type="kubernetes.io/basic-auth",
            string_data=values,
            opts=child,
        )
        self.policy = policy(APP, scope, child, (Outside(API_PORT),), peers=True)
        self.cluster = CustomResource(
            APP,
            api_version="postgresql.cnpg.io/v1",
            kind="Cluster",
            metadata=metadata(APP, APP, scope),
            spec=_spec(inputs),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.login]),
        )
        self.register_outputs({"service": APP})


def _spec(inputs: Inputs) -> dict[str, object]:
    share, image = inputs.workload.share, inputs.workload.image
    storage: dict[str, str] = {"size": quantity_gib(share.disk_gib)}
    if inputs.scope.storage_class is not None:
        storage["storageClass"] = inputs.scope.storage_class
    return {
        "instances": share.replicas_min,
        "imageName": image.reference,
        "imagePullPolicy": "IfNotPresent",
        "postgresUID": image.uid,
        "postgresGID": image.uid,
        "inheritedMetadata": {"labels": {key: text for key, text in labels(APP).items() if "part-of" in key}},
        "enableSuperuserAccess": False,
        "bootstrap": {
            "initdb": {
                "database": conf.DATABASE,
                "owner": conf.USER,
                "secret": {"name": LOGIN},
                "postInitApplicationSQL": [VECTOR],
            }
        },
        "postgresql": {
            "parameters": conf.operated(inputs.spec),
            # What was said to be stored is on two hosts, and one may go.
            "synchronous": {"method": "any", "number": 1},
        },
        "ephemeralVolumesSizeLimit": {"shm": quantity_mib(inputs.spec.shm_size.value)},
        "resources": {
            "requests": {"memory": quantity_mib(share.request_mib), "cpu": quantity_cpu(share.cpu_request_m)},
            "limits": {"memory": quantity_mib(share.limit_mib), "cpu": quantity_cpu(share.cpu_limit_m)},
        },
        "storage": storage,
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required",
            "topologyKey": "kubernetes.io/hostname",
            "nodeAffinity": _only_on(inputs.workload.nodes),
        },
        "managed": {
            "services": {
                "disabledDefaultServices": ["ro", "r"],
                "additional": [
                    {
                        "selectorType": "rw",
                        "serviceTemplate": {"metadata": {"name": APP}, "spec": {"type": "ClusterIP"}},
                    }
                ],
            }
        },
    }


def _only_on(nodes: tuple[str, ...]) -> dict[str, object]:
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]} for node in nodes]
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
