"""Phase 1: the namespace, the stores, the streams and the door to the models."""

from homelab.components import nats
from homelab.components.namespace import Namespace
from homelab.phases.site import Site
from homelab.specs import Nats

STACK = "phase1-core"

NEEDED = ("nats", "garage", "postgres", "oxigraph", "litellm", "api")


def deploy(site: Site) -> None:
    """Raises InvalidInput when something that the platform cannot do without is placed on no node."""
    site.require(STACK, NEEDED)
    scope = Namespace(site.storage_class, site.opts).scope
    nats.Nats(
        nats.Inputs(scope, site.workload("nats"), site.spec("nats", Nats), site.secret("nats", "password")),
        site.opts,
    )
