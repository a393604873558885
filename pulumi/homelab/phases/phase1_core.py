"""Phase 1: the namespace, what was measured, the stores, the streams and the door to the models."""

import json
from dataclasses import replace

import pulumi

from homelab import specs
from homelab.components import (
    bootstrap,
    checks,
    embedder,
    garage,
    hardware_facts,
    litellm,
    logins,
    nats,
    oxigraph,
    postgres,
)
from homelab.components.labels import CLOUDNATIVE_PG
from homelab.components.namespace import Namespace
from homelab.components.network import Outside
from homelab.components.postgres_cluster import PostgresCluster
from homelab.components.scope import Scope
from homelab.lab import Models
from homelab.phases.endpoints import environment
from homelab.phases.outside import doors
from homelab.phases.site import Site
from homelab.plan_json import document

STACK = "phase1-core"

STORES = ("nats", "garage", "postgres", "oxigraph")
NEEDED = (*STORES, "litellm", "api")


def deploy(site: Site) -> None:
    """Raises InvalidInput when something that the platform cannot do without is placed on no node."""
    builtin = site.lab.models.embedding.endpoint == "builtin"
    site.require(STACK, (*NEEDED, "embedder") if builtin else NEEDED)
    site.require_replicas(STORES)

    scope = Namespace(site.storage_class, site.operators, site.opts).scope
    hardware_facts.HardwareFacts(hardware_facts.Inputs(scope, _measured(site)), site.opts)

    streams = nats.Nats(_nats(site, scope), site.opts)
    objects = garage.Garage(_garage(site, scope), site.opts)
    vectors = _postgres_of(site, scope)
    oxigraph.Oxigraph(_oxigraph(site, scope), site.opts)

    if builtin:
        embedder.Embedder(_embedder(site, scope), site.opts)
    litellm.LiteLLM(_litellm(site, scope), site.opts)

    keys = logins.Logins(_logins(site, scope), site.opts)
    together = _objects(site)
    # Several are ready only once it has laid them out, so that it cannot wait for them.
    stores = (streams, vectors) if together else (streams, objects, vectors)
    bootstrap.Bootstrap(_bootstrap(site, scope, keys, objects, stores, together), site.opts)
    checks.Checks(checks.Inputs(STACK, scope, site.workload("api"), environment(site)), site.opts)


def _measured(site: Site) -> dict[str, str]:
    """`<host>.json` and `plan.json`"""
    facts = {f"{host.name}.json": host.facts.model_dump_json(indent=2) + "\n" for host in site.plan.hosts}
    plan = json.dumps(document(site.plan.hosts), indent=2, ensure_ascii=False) + "\n"
    return {**facts, "plan.json": plan}


def _nats(site: Site, scope: Scope) -> nats.Inputs:
    spec = site.spec("nats", specs.Nats)
    return nats.Inputs(scope, site.workload("nats"), spec, site.secret("nats", "password"))


def _garage(site: Site, scope: Scope) -> garage.Inputs:
    credentials = garage.Credentials(
        rpc_secret=site.secret("garage", "rpc_secret"),
        admin_token=site.secret("garage", "admin_token"),
        access_key=site.secret("garage", "access_key"),
        secret_key=site.secret("garage", "secret_key"),
    )
    return garage.Inputs(scope, site.workload("garage"), site.spec("garage", specs.Garage), credentials)


def _postgres_of(site: Site, scope: Scope) -> pulumi.Resource:
    """Its own set on one host, its operator's object on several."""
    workload, spec = site.workload("postgres"), site.spec("postgres", specs.Postgres)
    password = site.secret("supabase", "password")
    if workload.share.replicas_min == 1:
        return postgres.Postgres(postgres.Inputs(scope, workload, spec, password), site.opts)
    operated = replace(workload, image=site.images[CLOUDNATIVE_PG])
    return PostgresCluster(postgres.Inputs(scope, operated, spec, password), site.opts)


def _oxigraph(site: Site, scope: Scope) -> oxigraph.Inputs:
    return oxigraph.Inputs(scope, site.workload("oxigraph"), site.spec("oxigraph", specs.Oxigraph))


def _embedder(site: Site, scope: Scope) -> embedder.Inputs:
    return embedder.Inputs(scope, site.workload("embedder"), site.spec("embedder", specs.Embedder))


def _litellm(site: Site, scope: Scope) -> litellm.Inputs:
    models = site.lab.models
    return litellm.Inputs(
        scope,
        site.workload("litellm"),
        site.spec("litellm", specs.LiteLLM),
        models,
        site.secret("litellm", "master_key"),
        _model_keys(site, models),
        tuple(route for server in site.servers for route in server.routes(server.name)),
        (*doors(models), *(Outside.of(server.address, server.port) for server in site.servers)),
    )


def _model_keys(site: Site, models: Models) -> dict[str, pulumi.Input[str]]:
    """By the variables that litellm.yaml names; only of models that have a key."""
    keys: dict[str, pulumi.Input[str]] = {}
    if models.embedding.api_key_file is not None:
        keys["EMBEDDING_API_KEY"] = site.secret("models", "embedding_api_key")
    if models.chat is not None and models.chat.api_key_file is not None:
        keys["CHAT_API_KEY"] = site.secret("models", "chat_api_key")
    return keys


def _logins(site: Site, scope: Scope) -> logins.Inputs:
    return logins.Inputs(
        scope,
        nats_password=site.secret("nats", "password"),
        postgres_password=site.secret("supabase", "password"),
        s3_access_key=site.secret("garage", "access_key"),
        s3_secret_key=site.secret("garage", "secret_key"),
        litellm_key=site.secret("litellm", "master_key"),
    )


def _bootstrap(
    site: Site,
    scope: Scope,
    keys: logins.Logins,
    objects: garage.Garage,
    after: tuple[pulumi.Resource, ...],
    together: bootstrap.Objects | None,
) -> bootstrap.Inputs:
    """In the memory of the API, which is placed wherever questions are answered and starts in the next phase."""
    return bootstrap.Inputs(
        scope,
        site.workload("api"),
        environment(site),
        keys.name,
        objects.secret,
        after,
        contents=(site.secret("garage", "access_key"),),
        objects=together,
    )


def _objects(site: Site) -> bootstrap.Objects | None:
    """None where the object store is one."""
    pods = garage.names(site.workload("garage"))
    if len(pods) == 1:
        return None
    return bootstrap.Objects(pods, site.spec("garage", specs.Garage).capacity.value)
