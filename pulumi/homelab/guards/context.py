"""The Kubernetes context of lab.yaml and the one that this machine's kubeconfig is at."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from homelab.errors import DeployRefused, InvalidInput, Problem
from homelab.lab import Lab
from homelab.lab.cluster import Cluster

Contexts = tuple[Sequence[str], str | None]
"""The names that a kubeconfig has, and the current one of them."""


def cluster_of(lab: Lab) -> Cluster:
    """Raises InvalidInput for a lab without one."""
    if lab.cluster is None:
        rule, fix = "the stacks are for a Kubernetes cluster", "add cluster: {context: …}, see lab.example.yaml"
        raise InvalidInput(Problem(f"{lab.path.name} cluster", "missing", rule, fix))
    return lab.cluster


def contexts(cluster: Cluster) -> Contexts:
    """What the kubeconfig says. Raises DeployRefused for one that cannot be read."""
    from kubernetes import config

    try:
        known, current = config.list_kube_config_contexts(kubeconfig(cluster))
    except config.ConfigException as error:
        rule, fix = "stacks reach the cluster by a kubeconfig", "set cluster.kubeconfig in lab.yaml, or KUBECONFIG"
        raise DeployRefused(Problem(_file(cluster), str(error), rule, fix)) from None
    return [one["name"] for one in known], current["name"] if current else None


def right_context(cluster: Cluster, found: Contexts) -> Iterator[Problem]:
    known, current = found
    wanted = cluster.context
    if wanted not in known:
        given = f"has {', '.join(known) or 'no context'}"
        yield Problem(_file(cluster), given, f"lab.yaml names the context {wanted}", "correct cluster.context")
    elif current != wanted:
        fix = f"kubectl config use-context {wanted}, or correct cluster.context in lab.yaml"
        given = f"is at {current}" if current else "is at no context"
        yield Problem(_file(cluster), given, f"lab.yaml names the context {wanted}", fix)


def kubeconfig(cluster: Cluster) -> str | None:
    """The file that lab.yaml names; None for the client's own choice, KUBECONFIG or ~/.kube/config."""
    return None if cluster.kubeconfig is None else str(cluster.kubeconfig)


def _file(cluster: Cluster) -> str:
    return kubeconfig(cluster) or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube/config")
