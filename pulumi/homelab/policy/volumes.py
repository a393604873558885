"""Disk: claims within the storage budget, which survive what made them."""

from decimal import Decimal
from typing import Any

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifest, Manifests, at, breach, many, name_of
from homelab.policy.quantity import parse
from homelab.policy.violation import Violations

FIX = "take it from the component's spec, which the ledger made"


def claims(manifests: Manifests, ledger: Ledger) -> Violations:
    """What all replicas of a workload claim is at most its share of the data disk."""
    for manifest in manifests:
        found = list(_claims(manifest))
        if not found:
            continue
        name = name_of(manifest)
        total = Decimal(0)
        for path, claim in found:
            said = at(claim, "spec", "resources", "requests", "storage")
            size = parse(said)
            if size is None or size <= 0:
                why = "a claim says how much it takes"
                yield breach(manifest, "volumes.size", path, str(said or "none"), why, FIX)
            total += size or 0
            modes = many(at(claim, "spec", "accessModes"))
            if not modes or not set(modes) <= {"ReadWriteOnce", "ReadWriteOncePod"}:
                given = ", ".join(map(str, modes)) or "none"
                why = "two pods that write the same files break them"
                yield breach(manifest, "volumes.modes", path, given, why, "set ReadWriteOnce")
            if at(claim, "spec", "volumeMode") == "Block":
                yield breach(
                    manifest, "volumes.modes", path, "Block", "a raw device is nobody's need", "leave it out"
                )
        replicas = at(manifest, "spec", "replicas")
        count = replicas if manifest.get("kind") == "StatefulSet" and isinstance(replicas, int) else 1
        allowed = ledger.disk.get(name)
        if allowed is None:
            why, fix = "the storage budget has no share for it", "place its consumer, or use an emptyDir"
            yield breach(manifest, "volumes.size", found[0][0], "not in the plan", why, fix)
        elif total * max(count, 1) > allowed:
            given = f"{_gib(total * max(count, 1))} of {_gib(Decimal(allowed))}"
            yield breach(manifest, "volumes.size", found[0][0], given, "the data disk holds no more of it", FIX)


def _claims(manifest: Manifest) -> list[tuple[str, Any]]:
    if manifest.get("kind") == "PersistentVolumeClaim":
        return [("spec", manifest)]
    templates = many(at(manifest, "spec", "volumeClaimTemplates"))
    return [(f"spec.volumeClaimTemplates[{number}]", one) for number, one in enumerate(templates)]


def kept(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Claims stay when their StatefulSet goes: `down` keeps the data, the next `up` adopts it."""
    for manifest in manifests:
        policy = at(manifest, "spec", "persistentVolumeClaimRetentionPolicy") or {}
        for key in ("whenDeleted", "whenScaled"):
            if policy.get(key, "Retain") != "Retain":
                path = f"spec.persistentVolumeClaimRetentionPolicy.{key}"
                why = "the data would go with the workload"
                yield breach(manifest, "volumes.kept", path, str(policy[key]), why, "set Retain")


def of_the_cluster(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Volumes and storage classes are made by the cluster, never by a stack."""
    for manifest in manifests:
        if manifest.get("kind") in {"PersistentVolume", "StorageClass"}:
            why = "where data lies is the cluster's business"
            yield breach(
                manifest, "volumes.cluster", "", str(manifest["kind"]), why, "name a storage class instead"
            )


def _gib(size: Decimal) -> str:
    return f"{size / 2**30:.1f} GiB"
