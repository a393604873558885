"""Every policy: its name, what it asks, and whether it must see a whole stack to judge."""

from collections.abc import Callable
from typing import NamedTuple

from homelab.policy import flows, images, limits, names, probes, secrets, security, services, tokens, volumes
from homelab.policy.exceptions import apply
from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifests
from homelab.policy.violation import Violation, Violations


class Policy(NamedTuple):
    name: str
    asks: str
    check: Callable[[Manifests, Ledger], Violations]
    whole: bool = False
    """It compares objects with each other, so one at a time tells it nothing."""


POLICIES = (
    Policy("limits-present", "requests and limits of memory and CPU on every container", limits.present),
    Policy("limits-ledger", "no pod above what the ledger gives it", limits.inside_the_ledger),
    Policy("limits-operated", "nor one that an operator makes", limits.operated),
    Policy("limits-replicas", "never more pods at once than the ledger holds", limits.replicas),
    Policy("images-pinned", "an exact version or a digest", images.pinned),
    Policy("images-pull", "a pinned image is not fetched again", images.pull),
    Policy("security-context", "the standard `restricted`, and a read-only root file system", security.context),
    Policy("host", "nothing of the node is shared", security.host),
    Policy("host-priority", "the scheduler decides, and the node's own pods come first", security.priority),
    Policy("tokens-mounted", "no service-account token in a pod", tokens.token),
    Policy("tokens-rights", "no right in the cluster", tokens.roles),
    Policy("services-inside", "ClusterIP only", services.inside),
    Policy("services-targets", "a Service leads to one workload", services.targets, whole=True),
    Policy("services-endpoints", "off-cluster addresses are the lab's own", services.endpoints),
    Policy("secrets-known", "the value of a Secret stands nowhere else", secrets.known, whole=True),
    Policy("secrets-plain", "nothing outside a Secret looks like one", secrets.guessed),
    Policy("secrets-arguments", "no secret in a command line", secrets.arguments),
    Policy("flows-default-deny", "the namespace is closed", flows.default_deny, whole=True),
    Policy("flows-listed", "network policies open listed flows only", flows.listed),
    Policy("flows-complete", "network policies open every listed flow", flows.complete, whole=True),
    Policy("volumes-claims", "claims within the storage budget", volumes.claims),
    Policy("volumes-kept", "claims outlive their workload", volumes.kept),
    Policy("volumes-cluster", "volumes are the cluster's business", volumes.of_the_cluster),
    Policy("names-kinds", "only kinds that a policy reads", names.kinds),
    Policy("names-namespace", "everything in our namespace, which enforces a standard", names.namespace),
    Policy("names-identity", "a workload's pods bear its name", names.identity),
    Policy("names-once", "one object of a name", names.once, whole=True),
    Policy("probes", "readiness and liveness", probes.probes),
)


def check(manifests: Manifests, ledger: Ledger) -> tuple[Violation, ...]:
    """Every violation of a stack's manifests, less the written exceptions, in the order of the table."""
    found = (violation for policy in POLICIES for violation in policy.check(manifests, ledger))
    return tuple(apply(manifests, found))
