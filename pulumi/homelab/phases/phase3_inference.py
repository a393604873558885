"""Phase 3: names in the cluster for the servers of models on other machines, to which LiteLLM has routes."""

from homelab.components import checks
from homelab.components.outside_service import Inputs, OutsideService
from homelab.errors import InvalidInput, Problem
from homelab.inference import PORTS
from homelab.phases.endpoints import environment
from homelab.phases.site import Site

STACK = "phase3-inference"

NEEDED = ("litellm", "api")


def deploy(site: Site) -> None:
    """Raises InvalidInput where no server of models is placed outside the cluster."""
    site.require(STACK, NEEDED)
    _must_have_servers(site)
    scope = site.scope

    for server in site.servers:
        OutsideService(Inputs(server.name, scope, server.address, {"http": server.port}), site.opts)

    checks.Checks(checks.Inputs(STACK, scope, site.workload("api"), environment(site)), site.opts)


def _must_have_servers(site: Site) -> None:
    if not site.servers:
        where, kinds = f"{site.lab.path.name} hosts", " or ".join(PORTS)
        rule = f"{STACK} is for those that do"
        fix = f"add {kinds} to place of a host that is no node, or leave this stack out"
        raise InvalidInput(Problem(where, "no host outside the cluster serves models", rule, fix))
