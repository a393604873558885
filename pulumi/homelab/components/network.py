"""Network policies: nothing is allowed but what the table of flows says.

A policy sees the pods' own ports, behind the Service. The kubelet's probes come from the node, which every
implementation lets through.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs
from pulumi_kubernetes.networking.v1 import (
    IPBlockArgs,
    NetworkPolicy,
    NetworkPolicyEgressRuleArgs,
    NetworkPolicyIngressRuleArgs,
    NetworkPolicyPeerArgs,
    NetworkPolicyPortArgs,
    NetworkPolicySpecArgs,
)

from homelab.components.flows import OPERATED, PEERS, SPACES, TAILNET, Flow, into, out_of
from homelab.components.labels import PART_OF, chosen, metadata
from homelab.components.scope import Scope

TAILNET_BLOCK = "100.64.0.0/10"
"""The addresses of every tailnet (https://tailscale.com/kb/1015/100.x-addresses)."""

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label that the API server gives every namespace."""

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Outside:
    """A door outside the cluster; without `block`, which a name has not, any address that has this port."""

    port: int
    block: str | None = None

    @classmethod
    def of(cls, host: str, port: int) -> "Outside":
        """`host` as an address alone; a name stands for any address, since policies know only those."""
        try:
            address = ip_address(host)
        except ValueError:
            return cls(port)
        return cls(port, f"{address}/{address.max_prefixlen}")


def default_deny(scope: Scope, opts: pulumi.ResourceOptions) -> NetworkPolicy:
    """For every pod of the namespace, whatever its labels: neither in nor out."""
    spec = NetworkPolicySpecArgs(pod_selector=LabelSelectorArgs(), policy_types=["Ingress", "Egress"])
    return NetworkPolicy("default-deny", metadata=metadata("default-deny", PART_OF, scope), spec=spec, opts=opts)


def policy(
    app: str,
    scope: Scope,
    opts: pulumi.ResourceOptions,
    outside: Iterable[Outside] = (),
    *,
    peers: bool = False,
) -> NetworkPolicy:
    """The flows of one app, of its pods to what is `outside`, and with `peers` among themselves."""
    among = [Flow(app, app, PEERS[app])] if peers else []
    operated = [flow for flow in OPERATED if flow.target == app and flow.source in scope.operators]
    spec = NetworkPolicySpecArgs(
        pod_selector=chosen(app, scope),
        policy_types=["Ingress", "Egress"],
        ingress=[_ingress(flow, scope) for flow in (*into(app), *among, *operated)],
        egress=[
            _dns(),
            *(_egress(flow, scope) for flow in (*out_of(app), *among)),
            *(_away(door) for door in outside),
        ],
    )
    return NetworkPolicy(app, metadata=metadata(app, app, scope), spec=spec, opts=opts)


def _ingress(flow: Flow, scope: Scope) -> NetworkPolicyIngressRuleArgs:
    if flow.source == TAILNET:
        peer = NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=TAILNET_BLOCK))
    elif flow.source in SPACES:
        space = {NAMESPACE_NAME: SPACES[flow.source]}
        peer = NetworkPolicyPeerArgs(namespace_selector=LabelSelectorArgs(match_labels=space))
    else:
        peer = NetworkPolicyPeerArgs(pod_selector=chosen(flow.source, scope))
    return NetworkPolicyIngressRuleArgs(from_=[peer], ports=[_tcp(flow.port)])


def _egress(flow: Flow, scope: Scope) -> NetworkPolicyEgressRuleArgs:
    peer = NetworkPolicyPeerArgs(pod_selector=chosen(flow.target, scope))
    return NetworkPolicyEgressRuleArgs(to=[peer], ports=[_tcp(flow.port)])


def _away(door: Outside) -> NetworkPolicyEgressRuleArgs:
    block = door.block
    to = None if block is None else [NetworkPolicyPeerArgs(ip_block=IPBlockArgs(cidr=block))]
    return NetworkPolicyEgressRuleArgs(to=to, ports=[_tcp(door.port)])


def _dns() -> NetworkPolicyEgressRuleArgs:
    """CoreDNS of k3s and kubeadm alike; TCP for answers that no datagram holds."""
    peer = NetworkPolicyPeerArgs(
        namespace_selector=LabelSelectorArgs(match_labels={NAMESPACE_NAME: "kube-system"}),
        pod_selector=LabelSelectorArgs(match_labels={"k8s-app": "kube-dns"}),
    )
    ports = [NetworkPolicyPortArgs(protocol=protocol, port=DNS_PORT) for protocol in ("UDP", "TCP")]
    return NetworkPolicyEgressRuleArgs(to=[peer], ports=ports)


def _tcp(port: int) -> NetworkPolicyPortArgs:
    return NetworkPolicyPortArgs(protocol="TCP", port=port)
