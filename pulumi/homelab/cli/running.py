"""The platform that is up, as the commands of the data plane reach it: local processes, or the cluster's API."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from homelab.errors import ClusterError, HomelabError, LocalError, Problem
from homelab.lab import Cluster, Lab, Ports, load
from homelab.local import supervisord
from homelab.local.folders import Folders
from pipeline.errors import Unavailable
from pipeline.settings import Settings

if TYPE_CHECKING:  # what its adapters import takes half a second, which a refusal needs none of
    from homelab.local.memory import Usage
    from pipeline.platform import Opened

PREFIX = "LAB_"
START_IT = "start it with ./lab local-up"

SERVICE = "api"
"""In the cluster; it answers to no other name than this and loopback's."""


class Where(StrEnum):
    LOCAL = "local"
    CLUSTER = "cluster"


On = Annotated[Where | None, typer.Option("--on", help="which platform [default: the local one if it runs]")]


@dataclass(frozen=True, slots=True)
class Running:
    """`open` connects; `usage` asks each service what it uses; `away` is the refusal when one does not answer."""

    max_mib: int
    open: "Callable[[], Opened]"
    usage: "Callable[[], list[Usage]]"
    away: Callable[[Unavailable], HomelabError]


@contextmanager
def platform(on: Where | None = None) -> Iterator[Running]:
    """Of the lab, which must run. Raises LocalError, ClusterError or MissingTool, saying how to start it."""
    lab = load()
    if on is None:
        runs = supervisord.is_running(Folders(lab.local.data_dir))
        on = Where.LOCAL if lab.cluster is None or runs else Where.CLUSTER
    if on is Where.LOCAL:
        yield local(lab)
        return
    from homelab.guards.context import cluster_of
    from homelab.kube.forward import forwarded

    cluster = cluster_of(lab)
    with forwarded(cluster, SERVICE, Ports().api) as url:
        yield _clustered(lab, cluster, url)


def local(lab: Lab) -> Running:
    """Raises LocalError when it does not run."""
    folders = Folders(lab.local.data_dir)
    told = settings(folders)

    def opened() -> "Opened":
        from pipeline.platform import direct

        return direct(told)

    def used() -> "list[Usage]":
        from homelab.local.memory import usage

        return usage(folders)

    return Running(told.max_document_mib, opened, used, _local_away)


def _clustered(lab: Lab, cluster: Cluster, url: str) -> Running:
    def opened() -> "Opened":
        from pipeline.remote import remote

        return remote(url, SERVICE)

    def used() -> "list[Usage]":
        from homelab.kube.pods import usage

        return usage(cluster)

    def away(error: Unavailable) -> HomelabError:
        fix = "./lab validate --stack phase2-pipeline shows what is wrong"
        return ClusterError(Problem(f"cluster {cluster.context} {error.where}", error.reason, "", fix))

    return Running(lab.documents.max_mib, opened, used, away)


def settings(where: Folders) -> Settings:
    """What the pipeline's processes were told, secrets included; they stay in this process.

    Raises LocalError when the platform does not run.
    """
    if not supervisord.is_running(where):
        raise LocalError(Problem(f"local platform in {where.data}", "it does not run", "", START_IT))
    for path in sorted(where.programs.glob("*.json")):
        spec: dict[str, Any] = json.loads(path.read_text())
        if f"{PREFIX}NATS_URL" in spec["env"]:
            secrets = {name: (where.run / file).read_text().strip() for name, file in spec["secrets"].items()}
            values = {name: value for name, value in (spec["env"] | secrets).items() if name.startswith(PREFIX)}
            return Settings(**{name.removeprefix(PREFIX).lower(): value for name, value in values.items()})
    raise LocalError(Problem(f"local platform in {where.data}", "it runs no pipeline", "", START_IT))


@contextmanager
def needed(away: Callable[[Unavailable], HomelabError]) -> Iterator[None]:
    """A service that is away becomes one line that says how to bring it back."""
    try:
        yield
    except Unavailable as error:
        raise away(error) from error


def _local_away(error: Unavailable) -> HomelabError:
    fix = "./lab local-status shows what is wrong; ./lab local-up starts what is missing"
    return LocalError(Problem(error.where, error.reason, "", fix))
