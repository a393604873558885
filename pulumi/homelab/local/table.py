"""The whole local platform from the plan: which services, with which texts, settings and limits."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from homelab import specs as spec
from homelab.config import garage as garage_conf
from homelab.config import litellm as litellm_conf
from homelab.config import nats as nats_conf
from homelab.config import pipeline as pipeline_conf
from homelab.config import postgres as postgres_conf
from homelab.config.litellm import Route
from homelab.errors import LocalError, Problem
from homelab.gates import refusals
from homelab.inference import servers
from homelab.lab import Lab
from homelab.local import garage, ports, secret_files, services, supervisord
from homelab.local.folders import Folders
from homelab.local.ports import LOOPBACK
from homelab.local.service import Service
from homelab.planner import HostPlan, plan_lab
from homelab.tools import find

STAGES = ("extract", "chunk", "embed", "graph")

_NEEDED = ("nats", "postgres", "oxigraph", "litellm")


@dataclass(frozen=True, slots=True)
class Platform:
    """What `up` starts; `objects` says for people where documents lie."""

    folders: Folders
    services: tuple[Service, ...]
    objects: str


def here(lab: Lab) -> Platform:
    """The platform of lab.yaml's local host. Raises what planning and `platform` raise."""
    name = next((name for name, host in lab.hosts.items() if host.local and host.placed), None)
    if name is None:
        rule = "the local platform runs what is placed on the host with address: local"
        raise LocalError(
            Problem(f"hosts in {lab.path.name}", "none is local", rule, "add one, or use the cluster")
        )
    plan = plan_lab(lab)
    beside = servers(lab, (host for host in plan.hosts if not lab.hosts[host.name].local))
    return platform(lab, plan.host(name), [route for one in beside for route in one.routes(one.address)])


def platform(lab: Lab, plan: HostPlan, served: Sequence[Route] = ()) -> Platform:
    """The services placed on this host; `served` are models of other machines. Writes the secrets and the workers'
    ports that do not exist yet.

    Raises LocalError when something is not placed that the others need or a gate refuses what is placed,
    MissingTool when a program is not there.
    """
    _check_placed(plan)
    _check_gates(plan)
    folders = Folders(lab.local.data_dir)
    folders.create()
    secrets = secret_files.ensure(folders.secrets)
    binary = _garage(plan, folders)
    env = _pipeline_env(lab, plan, folders, binary)
    keys = {
        "LAB_NATS_PASSWORD": secrets["nats"],
        "LAB_POSTGRES_PASSWORD": secrets["postgres"],
        "LAB_LITELLM_KEY": secrets["litellm"],
    }
    if binary is not None:
        keys |= {
            "LAB_S3_ACCESS_KEY": secrets["garage-access-key"],
            "LAB_S3_SECRET_KEY": secrets["garage-secret-key"],
        }
    stores = _stores(lab, plan, folders, binary)
    models = _models(lab, plan, folders, served)
    pipeline = _pipeline(lab, plan, folders, env, keys)
    where = "Garage"
    if binary is None:
        where = f"a local folder, {folders.objects} (./lab tools garage builds Garage)"
    return Platform(folders, (*stores, *models, *pipeline), where)


def _garage(plan: HostPlan, folders: Folders) -> Path | None:
    """Garage's binary where it is to be used: a folder that holds documents already stays their store."""
    if "garage" not in plan.budget or folders.objects.exists():
        return None
    return find("garage")


def _check_placed(plan: HostPlan) -> None:
    if "graph" in plan.budget and plan.profile.rules.graph.engine != "own":
        rule = "the local platform has no Cognee"
        raise LocalError(
            Problem(
                f"profile {plan.profile.name} graph.engine", plan.profile.rules.graph.engine, rule, "write own"
            )
        )
    missing = [consumer for consumer in _NEEDED if consumer not in plan.budget]
    if missing:
        given = f"{', '.join(missing)} not placed"
        rule = f"the local platform needs {', '.join(_NEEDED)}"
        raise LocalError(Problem(f"hosts.{plan.name}.place", given, rule, "add them to place in lab.yaml"))


def _check_gates(plan: HostPlan) -> None:
    problems = refusals(plan.facts, plan.budget)
    if problems:
        raise LocalError(*problems)


def _limit(plan: HostPlan, consumer: str) -> int:
    return plan.budget.line(consumer).limit.value


def _stores(lab: Lab, plan: HostPlan, folders: Folders, binary: Path | None) -> tuple[Service, ...]:
    at = lab.local.ports
    nats = cast(spec.Nats, plan.specs["nats"])
    nats_text = nats_conf.render(
        nats,
        listen=LOOPBACK,
        port=at.nats,
        monitor_port=at.nats_monitor,
        store_dir=str(services.nats_store(folders)),
    )
    postgres_text = postgres_conf.render(
        cast(spec.Postgres, plan.specs["postgres"]), listen=LOOPBACK, port=at.postgres
    )
    found = [
        services.nats(folders, at, nats_text, nats_conf.environment(nats), _limit(plan, "nats")),
        *services.postgres(folders, at, postgres_text, _limit(plan, "postgres"), as_root=os.geteuid() == 0),
        services.oxigraph(folders, at, plan.specs["oxigraph"].settings(), _limit(plan, "oxigraph")),
    ]
    if binary is not None:
        text = garage_conf.render(
            cast(spec.Garage, plan.specs["garage"]),
            listen=LOOPBACK,
            public=LOOPBACK,
            port=at.garage,
            rpc_port=at.garage_rpc,
            admin_port=at.garage_admin,
            metadata_dir=str(folders.data / "garage/meta"),
            data_dir=str(folders.data / "garage/data"),
        )
        found += garage.services(binary, folders, at, text, _limit(plan, "garage"))
    return tuple(found)


def _models(lab: Lab, plan: HostPlan, folders: Folders, served: Sequence[Route]) -> tuple[Service, ...]:
    at, models = lab.local.ports, lab.models
    found = []
    if models.embedding.endpoint == "builtin":
        threads = plan.specs["embedder"].settings()["threads"]
        found.append(services.embedder(at, threads, _limit(plan, "embedder")))
    keys: dict[str, Path] = {}
    if models.embedding.api_key_file is not None:
        keys["EMBEDDING_API_KEY"] = Path(models.embedding.api_key_file)
    if models.chat is not None and models.chat.api_key_file is not None:
        keys["CHAT_API_KEY"] = Path(models.chat.api_key_file)
    text = litellm_conf.render(models, embedder_url=f"http://{LOOPBACK}:{at.embedder}/v1", served=served)
    env = litellm_conf.environment(cast(spec.LiteLLM, plan.specs["litellm"]))
    return (*found, services.litellm(folders, at, text, env, keys, _limit(plan, "litellm")))


def _pipeline(
    lab: Lab, plan: HostPlan, folders: Folders, env: Mapping[str, str], secrets: Mapping[str, Path]
) -> tuple[Service, ...]:
    ready = ("nats", "postgres", "oxigraph", "garage-buckets")
    found = [services.bootstrap(env, secrets, ready)]
    in_use = supervisord.is_running(folders)
    for stage in (stage for stage in STAGES if stage in plan.budget):
        replicas = range(max(1, plan.budget.line(stage).replicas_min))
        doors = tuple(ports.remembered(folders.run / f"port-{stage}-{n}", in_use=in_use) for n in replicas)
        needs = ("bootstrap", *(("litellm", "embedder") if stage == "embed" else ()))
        found.append(services.worker(stage, env, doors, secrets, needs, _limit(plan, stage)))
    if "api" in plan.budget:
        before = ("bootstrap", "litellm", *STAGES)
        found.append(services.api(env, lab.local.ports, secrets, before, _limit(plan, "api")))
    return tuple(found)


def _pipeline_env(lab: Lab, plan: HostPlan, folders: Folders, binary: Path | None) -> dict[str, str]:
    at = lab.local.ports
    endpoints = pipeline_conf.Endpoints(
        nats_url=f"nats://{LOOPBACK}:{at.nats}",
        postgres_host=LOOPBACK,
        postgres_port=at.postgres,
        objects="s3://" if binary is not None else folders.objects.as_uri(),
        s3_endpoint=f"http://{LOOPBACK}:{at.garage}",
        oxigraph_url=f"http://{LOOPBACK}:{at.oxigraph}",
        litellm_url=f"http://{LOOPBACK}:{at.litellm}",
    )
    return pipeline_conf.environment(cast(spec.Pipeline, plan.specs["pipeline"]), lab, endpoints)
