"""The Kubernetes context of lab.yaml and the one that this machine's kubeconfig is at."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

    with readable(cluster):
        known, current = config.list_kube_config_contexts(kubeconfig(cluster))
    return [one["name"] for one in known], current["name"] if current else None


@contextmanager
def readable(cluster: Cluster) -> Iterator[None]:
    """Raises DeployRefused where the block cannot make use of the kubeconfig."""
    import yaml
    from kubernetes.config import ConfigException

    try:
        for path in filter(None, _file(cluster).split(os.pathsep)):
            _must_be_mapping(Path(path).expanduser())
        yield
    except (ConfigException, OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        rule, fix = "stacks reach the cluster by a kubeconfig", "set cluster.kubeconfig in lab.yaml, or KUBECONFIG"
        raise DeployRefused(Problem(_file(cluster), str(error), rule, fix)) from None


def _must_be_mapping(path: Path) -> None:
    """The client takes it for granted, of every file that is there."""
    import yaml
    from kubernetes.config import ConfigException

    if path.exists() and not isinstance(yaml.safe_load(path.read_text("utf-8")), dict):
        raise ConfigException("no mapping")


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
