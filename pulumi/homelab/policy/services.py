"""Doors: the tailnet is the perimeter, so nothing is reached from outside it, and no target is beyond the lab."""

import ipaddress
from collections.abc import Mapping

from homelab.policy.flow_list import TAILNET_BLOCK
from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifest, Manifests, Pod, at, breach, many, name_of, pods
from homelab.policy.violation import Violations

OPENING = ("tailscale.com/", "metallb", "external-dns", "ngrok", "cloudflare", "loadbalancer")
"""What the name of an annotation begins with or holds that makes a controller open the Service."""

POD_NAME = "statefulset.kubernetes.io/pod-name"
"""The label that a StatefulSet gives each of its pods."""

SERVICE = "kubernetes.io/service-name"
"""The label by which an EndpointSlice belongs to its Service."""

FIX = "keep type: ClusterIP; the tailnet's subnet route reaches it"


def inside(manifests: Manifests, ledger: Ledger) -> Violations:
    """Services are ClusterIP, without any of the ways to the outside, or the name of a machine of the lab."""
    for manifest in manifests:
        if manifest.get("kind") != "Service":
            continue
        spec = manifest.get("spec") or {}
        kind = spec.get("type", "ClusterIP")
        if kind != "ClusterIP" and not _named(manifest, ledger):
            why = "a name for another host goes round the flows" if kind == "ExternalName" else "it opens a door"
            given = f"{kind} {spec['externalName']}" if "externalName" in spec else str(kind)
            yield breach(manifest, "services.inside", "spec.type", given, why, FIX)
        for key in ("externalIPs", "externalName", "loadBalancerIP", "loadBalancerClass"):
            if spec.get(key) and kind == "ClusterIP":
                yield breach(manifest, "services.inside", f"spec.{key}", str(spec[key]), "it opens a door", FIX)
        for number, port in enumerate(many(spec.get("ports"))):
            if at(port, "nodePort"):
                path = f"spec.ports[{number}].nodePort"
                yield breach(manifest, "services.inside", path, str(port["nodePort"]), "every node opens it", FIX)
        for name in at(manifest, "metadata", "annotations") or {}:
            if any(part in str(name).lower() for part in OPENING):
                why = "a controller that reads it opens the Service"
                path = "metadata.annotations"
                yield breach(manifest, "services.inside", path, str(name), why, "leave it out")


def targets(manifests: Manifests, ledger: Ledger) -> Violations:
    """What a Service leads to: pods of one workload of ours, or a host of the lab."""
    workloads = list(pods(manifests))
    written = {
        (
            str(m.get("kind")),
            str(at(m, "metadata", "name")),
            at(m, "metadata", "labels", SERVICE),
        )
        for m in manifests
        if m.get("kind") in {"Endpoints", "EndpointSlice"}
    }
    by_hand = {name if kind == "Endpoints" else service for kind, name, service in written}
    for manifest in manifests:
        if manifest.get("kind") != "Service":
            continue
        selector = at(manifest, "spec", "selector") or {}
        if not selector:
            name = at(manifest, "metadata", "name")
            if not _named(manifest, ledger) and (name not in by_hand or name not in ledger.beside):
                why, fix = "without a selector it leads where anybody says", "select pods, or place it on a host"
                yield breach(manifest, "services.targets", "spec.selector", "none", why, fix)
            continue
        chosen = [pod for pod in workloads if selector.items() <= _labels(pod, selector.get(POD_NAME)).items()]
        if len(chosen) != 1:
            given = ", ".join(str(at(pod.manifest, "metadata", "name")) for pod in chosen) or "no pod"
            why, fix = "a Service leads to one workload", "select the workload's own labels"
            yield breach(manifest, "services.targets", "spec.selector", given, why, fix)


def _labels(pod: Pod, wanted: str | None) -> Mapping[str, str]:
    """With the one that a StatefulSet gives to each of its pods, where the wanted one is its."""
    replicas = at(pod.manifest, "spec", "replicas")
    if pod.manifest.get("kind") != "StatefulSet" or not isinstance(replicas, int):
        return pod.labels
    own = {f"{name_of(pod.manifest)}-{number}" for number in range(replicas)}
    return {**pod.labels, POD_NAME: wanted} if wanted is not None and wanted in own else pod.labels


def endpoints(manifests: Manifests, ledger: Ledger) -> Violations:
    """Addresses that are written by hand are their host's in lab.yaml, of the home network or the tailnet."""
    for manifest in manifests:
        if manifest.get("kind") == "Endpoints":
            found = [
                str(at(address, "ip"))
                for subset in many(manifest.get("subsets"))
                for address in many(at(subset, "addresses"))
            ]
        elif manifest.get("kind") == "EndpointSlice":
            found = [str(one) for slot in many(manifest.get("endpoints")) for one in many(at(slot, "addresses"))]
        else:
            continue
        name = at(manifest, "metadata", "labels", SERVICE) or at(manifest, "metadata", "name")
        for address in found:
            if not _of_the_lab(address) or address != ledger.beside.get(str(name)):
                why = "a Service leads to its host of the lab, at a private or tailnet address"
                yield breach(manifest, "services.endpoints", "addresses", address, why, "write the host's address")


def _named(manifest: Manifest, ledger: Ledger) -> bool:
    """Whether it is another name for a host of the lab, which has no IP in lab.yaml."""
    spec, name = manifest.get("spec") or {}, str(at(manifest, "metadata", "name"))
    alias = spec.get("externalName")
    return spec.get("type") == "ExternalName" and alias is not None and alias == ledger.beside.get(name)


def _of_the_lab(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_private or address in TAILNET_BLOCK
