"""Phase 2: the workers from a document to the graph, the API that answers, and what watches them."""

from dataclasses import replace

import pulumi

from homelab import specs
from homelab.components import api, checks, collector, openobserve, outside_service, worker
from homelab.components.network import Outside
from homelab.components.outside_service import OutsideService
from homelab.components.scope import Scope
from homelab.config.pipeline import COGNEE
from homelab.consumers import workload
from homelab.phases.endpoints import environment
from homelab.phases.site import Site
from homelab.phases.telemetry import shown, telemetry

STACK = "phase2-pipeline"

STAGES = ("extract", "chunk", "embed", "graph")
NEEDED = (*STAGES, "api")


def deploy(site: Site) -> None:
    """Raises InvalidInput when a stage is placed on no node."""
    site.require(STACK, NEEDED)
    scope = site.scope

    pages = None
    if site.placed("openobserve"):
        pages = openobserve.OpenObserve(_openobserve(site, scope), site.opts)
    if site.placed("collector"):
        collector.Collector(_collector(site, scope), site.opts)

    for stage in STAGES:
        worker.Worker(_worker(site, scope, stage), site.opts)
    api.Api(_api(site, scope), site.opts)

    checks.Checks(_checks(site, scope, pages), site.opts)


def logins(site: Site) -> tuple[pulumi.Output[str], ...]:
    """What the pipeline's Secret holds: a change of it starts its workloads anew."""
    names = (
        ("nats", "password"),
        ("supabase", "password"),
        ("garage", "access_key"),
        ("garage", "secret_key"),
        ("litellm", "master_key"),
    )
    return tuple(site.secret(file, key) for file, key in names)


def _worker(site: Site, scope: Scope, stage: str) -> worker.Inputs:
    place = site.workload(stage)
    share = place.share
    scaling = site.spec(stage, specs.Autoscaling) if share.replicas_max > share.replicas_min else None
    name = workload(stage)
    told = {**environment(site), **telemetry(site, name)}
    if stage == "graph" and site.host(stage).profile.rules.graph.engine == "cognee":
        told |= COGNEE
        place = replace(place, image=site.images["cognee"])
    return worker.Inputs(name, stage, scope, place, told, logins(site), scaling)


def _api(site: Site, scope: Scope) -> api.Inputs:
    told = {**environment(site), **telemetry(site, api.APP)}
    return api.Inputs(scope, site.workload("api"), told, logins(site), _telemetry(site, scope))


def _checks(site: Site, scope: Scope, pages: openobserve.OpenObserve | None) -> checks.Inputs:
    address, keys = shown(pages)
    told = {**environment(site), **telemetry(site, checks.name(STACK)), **address}
    return checks.Inputs(STACK, scope, site.workload("api"), told, keys)


def _telemetry(site: Site, scope: Scope) -> api.Telemetry | None:
    """Where TimescaleDB is placed on a machine outside the cluster."""
    for name, host in site.lab.hosts.items():
        if "timescaledb" in host.placed and name not in site.lab.nodes:
            port, service = api.TELEMETRY_PORT, f"timescaledb-{name}"
            OutsideService(outside_service.Inputs(service, scope, host.address, {"postgres": port}), site.opts)
            password = site.secret("timescale", "password")
            return api.Telemetry(service, port, password, Outside.of(host.address, port))
    return None


def _openobserve(site: Site, scope: Scope) -> openobserve.Inputs:
    return openobserve.Inputs(
        scope,
        site.workload("openobserve"),
        site.spec("openobserve", specs.OpenObserve),
        site.secret("openobserve", "email"),
        site.secret("openobserve", "password"),
    )


def _collector(site: Site, scope: Scope) -> collector.Inputs:
    login = None
    if site.placed("openobserve"):
        login = collector.Login(site.secret("openobserve", "email"), site.secret("openobserve", "password"))
    return collector.Inputs(scope, site.workload("collector"), site.spec("collector", specs.Collector), login)
