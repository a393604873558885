"""Network policies: nothing is open by default, and exactly the listed flows are."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from homelab.policy.flow_list import (
    CLOUDNATIVE_PG,
    DNS,
    FLOWS,
    KEDA,
    LAB,
    OPERATED,
    PEERS,
    TAILNET,
    TAILNET_BLOCK,
    WORLD,
    Flow,
)
from homelab.policy.ledger import Ledger
from homelab.policy.manifest import NAME, Manifest, Manifests, at, breach, many, pods, workload_of
from homelab.policy.violation import Violation, Violations

CLUSTER = "cnpg.io/cluster"
"""The label that CloudNativePG gives the pods of a cluster."""

EVERYONE = "everyone"
EVERY_PORT = 0

Direction = Literal["ingress", "egress"]
_PEERS: Mapping[Direction, str] = {"ingress": "from", "egress": "to"}


@dataclass(frozen=True, slots=True)
class Opened:
    """One connection that a network policy allows, and where it says so."""

    manifest: Manifest
    path: str
    direction: Direction
    flow: Flow


def default_deny(manifests: Manifests, _ledger: Ledger) -> Violations:
    """The stack that makes the namespace closes it: a policy for all pods, both ways, that allows nothing."""
    for manifest in manifests:
        if manifest.get("kind") == "Namespace" and not any(_closes(other) for other in manifests):
            why = "what no policy selects speaks to everyone"
            fix = "add a NetworkPolicy for podSelector {} of both policyTypes, without rules"
            yield breach(manifest, "flows.default-deny", "", "no default-deny network policy", why, fix)


def _closes(manifest: Manifest) -> bool:
    spec = manifest.get("spec") or {}
    return (
        manifest.get("kind") == "NetworkPolicy"
        and spec.get("podSelector") == {}
        and set(many(spec.get("policyTypes"))) == {"Ingress", "Egress"}
        and not spec.get("ingress")
        and not spec.get("egress")
    )


def listed(manifests: Manifests, ledger: Ledger) -> Violations:
    """Every connection that a network policy allows is a flow of the list, or leads where lab.yaml sends it."""
    known = _known(ledger)
    for opened in _opened(manifests):
        source, target, port = opened.flow
        away = target in {TAILNET, LAB, WORLD} and (source, port) in ledger.outside
        names = opened.direction == "egress" and (target, port) == (DNS, 53)
        if opened.flow not in known and not away and not names:
            given = f"{source} → {target}:{port or 'every port'}"
            why, fix = "the platform has no such flow", "name the one workload and the one port that it needs"
            yield breach(opened.manifest, "flows.listed", opened.path, given, why, fix)


def complete(manifests: Manifests, ledger: Ledger) -> Violations:
    """Every flow of what is placed is opened at the ends that are here: what is forgotten fails in silence."""
    opened = {(one.direction, one.flow) for one in _opened(manifests)}
    here = {workload_of(pod.manifest): pod.manifest for pod in pods(manifests)}
    here |= {workload_of(manifest): manifest for manifest in manifests if manifest.get("kind") == "Cluster"}
    there = ledger.workloads.keys() | here.keys() | {TAILNET, KEDA, CLOUDNATIVE_PG}
    for flow in sorted(_known(ledger)):
        ends: tuple[tuple[str, str, Direction], ...] = (
            (flow.source, flow.target, "egress"),
            (flow.target, flow.source, "ingress"),
        )
        for end, other, direction in ends:
            if end in here and other in there and (direction, flow) not in opened:
                yield _closed(here[end], flow, direction)
    for name in sorted({flow.source for flow in FLOWS} & here.keys()):
        if not {("egress", Flow(who, DNS, 53)) for who in (name, EVERYONE)} & opened:
            yield _closed(here[name], Flow(name, DNS, 53), "egress")


def _known(ledger: Ledger) -> frozenset[Flow]:
    """The flows of the list; those among a workload's own pods only where the ledger holds several,
    and those of operators where lab.yaml names them."""
    counts = {name: allowed.pods for name, allowed in ledger.workloads.items()}
    operated = {flow for name in ledger.operators for flow in OPERATED.get(name, ())}
    return FLOWS | operated | {flow for flow in PEERS if counts.get(flow.source, 0) > 1}


def _closed(manifest: Manifest, flow: Flow, direction: Direction) -> Violation:
    given, why = f"{flow.source} → {flow.target}:{flow.port}", f"no network policy opens its {direction}"
    return breach(manifest, "flows.complete", "", given, why, "open exactly this port between the two")


def _opened(manifests: Manifests) -> Iterator[Opened]:
    universe = _universe(manifests)
    for manifest in manifests:
        if manifest.get("kind") != "NetworkPolicy":
            continue
        spec = manifest.get("spec") or {}
        selected = _chosen(spec.get("podSelector"), universe)
        for direction in _PEERS:
            for number, rule in enumerate(many(spec.get(direction))):
                path = f"spec.{direction}[{number}]"
                for own in selected:
                    for peer in _peers(rule.get(_PEERS[direction]), universe):
                        for port in _ports(rule.get("ports")):
                            ends = (peer, own) if direction == "ingress" else (own, peer)
                            yield Opened(manifest, path, direction, Flow(*ends, port))


def _universe(manifests: Manifests) -> dict[str, Mapping[str, str]]:
    """Workload → labels of its pods: those of this stack as written, those of others by their name."""
    named = {end for flow in FLOWS for end in (flow.source, flow.target)} - {DNS, TAILNET, LAB, WORLD}
    found: dict[str, Mapping[str, str]] = {name: {NAME: name, CLUSTER: name} for name in sorted(named)}
    return found | {workload_of(pod.manifest): pod.labels for pod in pods(manifests)}


def _chosen(selector: Any, universe: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """The workloads that a pod selector chooses; an empty one chooses everyone."""
    wanted, expressions = at(selector, "matchLabels") or {}, many(at(selector, "matchExpressions"))
    if not wanted and not expressions:
        return (EVERYONE,)
    return tuple(
        name
        for name, labels in universe.items()
        if wanted.items() <= labels.items() and all(_holds(one, labels) for one in expressions)
    ) or ("nobody that there is",)


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(str(expression.get("key"))), many(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None


def _peers(peers: Any, universe: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Who stands at the other end; no list at all means everyone, inside the cluster and outside."""
    if not many(peers):
        yield WORLD
    for peer in many(peers):
        if "ipBlock" in peer:
            yield _region(str(at(peer, "ipBlock", "cidr")))
        elif "namespaceSelector" in peer:
            yield _elsewhere(peer)
        else:
            yield from _chosen(peer.get("podSelector"), universe)


_SPACES = {"keda": KEDA, "cnpg-system": CLOUDNATIVE_PG}


def _elsewhere(peer: Mapping[str, Any]) -> str:
    """Of other namespaces, only the cluster's DNS and the operators have a name here."""
    space = at(peer, "namespaceSelector", "matchLabels") or {}
    chosen = at(peer, "podSelector", "matchLabels") or {}
    dns = space == {"kubernetes.io/metadata.name": "kube-system"} and chosen == {"k8s-app": "kube-dns"}
    operator = _SPACES.get(str(space.get("kubernetes.io/metadata.name")))
    if operator is not None and len(space) == 1 and not peer.get("podSelector"):
        return operator
    return DNS if dns else "other namespaces"


def _region(cidr: str) -> str:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        return f"{cidr}, which is no network"
    if network.version == 4 and network.subnet_of(TAILNET_BLOCK):
        return TAILNET
    return LAB if network.is_private and network.prefixlen else WORLD


def _ports(ports: Any) -> Iterator[int]:
    """Each port; EVERY_PORT where there is no list, no number or a range."""
    if not many(ports):
        yield EVERY_PORT
    for one in many(ports):
        number = one.get("port")
        yield number if isinstance(number, int) and "endPort" not in one else EVERY_PORT
