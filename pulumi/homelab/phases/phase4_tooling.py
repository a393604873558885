"""Phase 4: our tools for agents behind a gateway, evaluation, and OpenClaw's configuration."""

from dataclasses import replace

from homelab import specs
from homelab.components import checks, context_forge, openclaw, promptfoo, registration
from homelab.components.pod import Key
from homelab.components.scope import PORTS, Scope
from homelab.config.litellm import CHAT
from homelab.config.openclaw import Model
from homelab.phases.endpoints import environment
from homelab.phases.site import Site

STACK = "phase4-tooling"

NEEDED = ("postgres", "litellm", "api", "context-forge")

SECRETS = {
    "JWT_SECRET_KEY": "jwt_secret",
    "AUTH_ENCRYPTION_SECRET": "encryption_secret",
    "PLATFORM_ADMIN_EMAIL": "admin_email",
    "PLATFORM_ADMIN_PASSWORD": "admin_password",
    "DEFAULT_USER_PASSWORD": "user_password",
    "BASIC_AUTH_PASSWORD": "basic_password",
}
"""Context Forge's variable → the key in contextforge.sops.yaml."""


def deploy(site: Site) -> None:
    """Raises InvalidInput when Context Forge or what it stands on is placed on no node."""
    site.require(STACK, NEEDED)
    scope = site.scope

    gateway = context_forge.ContextForge(_context_forge(site, scope), site.opts)
    registration.Registration(_registration(site, scope, gateway), site.opts)

    if site.placed("promptfoo"):
        promptfoo.Promptfoo(_promptfoo(site, scope), site.opts)
    if models := _models(site):
        openclaw.OpenClaw(openclaw.Inputs(scope, models), site.opts)

    checks.Checks(_checks(site, scope, gateway), site.opts)


def _doors() -> dict[str, str]:
    """Where the gateway is, and where it finds our tools."""
    return {"LAB_GATEWAY_URL": context_forge.URL, "LAB_TOOLS_URL": f"http://api:{PORTS.api}/mcp"}


def _opens(gateway: context_forge.ContextForge) -> dict[str, Key]:
    """Its administrator, and what signs tokens in that name."""
    return {
        "LAB_GATEWAY_USER": Key(gateway.secret, "PLATFORM_ADMIN_EMAIL"),
        "LAB_GATEWAY_SECRET": Key(gateway.secret, "JWT_SECRET_KEY"),
    }


def _checks(site: Site, scope: Scope, gateway: context_forge.ContextForge) -> checks.Inputs:
    told = {**environment(site), **_doors()}
    return checks.Inputs(STACK, scope, site.workload("api"), told, _opens(gateway))


def _context_forge(site: Site, scope: Scope) -> context_forge.Inputs:
    place = site.workload("context-forge")
    return context_forge.Inputs(
        scope,
        place,
        replace(place, image=site.images["api"]),
        site.spec("context-forge", specs.ContextForge),
        environment(site),
        {variable: site.secret("contextforge", key) for variable, key in SECRETS.items()},
    )


def _registration(site: Site, scope: Scope, gateway: context_forge.ContextForge) -> registration.Inputs:
    """In the memory of the API, for the moment that it takes."""
    return registration.Inputs(
        scope,
        site.workload("api"),
        _doors(),
        _opens(gateway),
        after=(gateway,),
        contents=[site.secret("contextforge", key) for key in ("jwt_secret", "admin_email")],
    )


def _promptfoo(site: Site, scope: Scope) -> promptfoo.Inputs:
    spec, chat = site.spec("promptfoo", specs.Promptfoo), site.lab.models.chat is not None
    return promptfoo.Inputs(scope, site.workload("promptfoo"), spec, chat)


def _models(site: Site) -> list[Model]:
    """Those that chat: lab.yaml's own, then those of the lab's servers, each once."""
    own = [Model(CHAT)] if site.lab.models.chat is not None else []
    served = [
        Model(load.model.name, load.context)
        for server in site.servers
        for load in server.loads
        if not load.model.embedding
    ]
    return list({model.name: model for model in (*own, *served)}.values())
