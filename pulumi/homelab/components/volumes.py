"""What a pod mounts: its own claim, files from a ConfigMap or a Secret, and room that ends with it."""

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMapVolumeSourceArgs,
    EmptyDirVolumeSourceArgs,
    PersistentVolumeClaimArgs,
    PersistentVolumeClaimSpecArgs,
    SecretVolumeSourceArgs,
    VolumeArgs,
    VolumeMountArgs,
    VolumeResourceRequirementsArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from homelab.components.labels import labels
from homelab.components.scope import Scope
from homelab.units import quantity_gib, quantity_mib

GROUP_READS = 0o440
"""Files of a Secret belong to root and to the group of the pod's volumes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The StatefulSet's own volume, at `path`; it outlives the StatefulSet."""

    path: str
    name: str = "data"


@dataclass(frozen=True, slots=True)
class Config:
    """Every key of the ConfigMap as a file below `path`."""

    path: str
    config_map: pulumi.Input[str]
    name: str = "config"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Every key of the Secret as a file below `path`."""

    path: str
    secret: pulumi.Input[str]
    name: str = "secrets"


@dataclass(frozen=True, slots=True)
class Scratch:
    """At most `mib`, on the node's disk; with `memory` in RAM, where it counts as the container's own."""

    path: str
    mib: int
    name: str = "tmp"
    memory: bool = False


Volume = Claim | Config | Secrets | Scratch


def mount(volume: Volume) -> VolumeMountArgs:
    read_only = True if isinstance(volume, Config | Secrets) else None
    return VolumeMountArgs(name=volume.name, mount_path=volume.path, read_only=read_only)


def source(volume: Volume) -> VolumeArgs | None:
    """None for a claim: the StatefulSet adds its own."""
    match volume:
        case Claim():
            return None
        case Config():
            return VolumeArgs(name=volume.name, config_map=ConfigMapVolumeSourceArgs(name=volume.config_map))
        case Secrets():
            files = SecretVolumeSourceArgs(secret_name=volume.secret, default_mode=GROUP_READS)
            return VolumeArgs(name=volume.name, secret=files)
        case Scratch():
            medium = "Memory" if volume.memory else None
            room = EmptyDirVolumeSourceArgs(medium=medium, size_limit=quantity_mib(volume.mib))
            return VolumeArgs(name=volume.name, empty_dir=room)


def claim_template(claim: Claim, app: str, gib: int, scope: Scope) -> PersistentVolumeClaimArgs:
    return PersistentVolumeClaimArgs(
        metadata=ObjectMetaArgs(name=claim.name, labels=labels(app)),
        spec=PersistentVolumeClaimSpecArgs(
            access_modes=["ReadWriteOnce"],
            storage_class_name=scope.storage_class,
            resources=VolumeResourceRequirementsArgs(requests={"storage": quantity_gib(gib)}),
        ),
    )
