"""The site that lab.yaml describes: planned from its facts, with its images, and with its secrets or masks."""

from collections.abc import Mapping

import pulumi_kubernetes as kubernetes

from homelab import images, sops
from homelab.components.scope import Image
from homelab.lab import Lab
from homelab.phases.site import Site
from homelab.planner import LabPlan

MASK = "masked"


def pinned(lab: Lab) -> Mapping[str, Image]:
    """Consumer, or operator, → its image. Raises InvalidInput when a file of one of ours is not there."""
    catalogue = images.load()
    known: Mapping[str, images.Ours | images.Vendor] = {**catalogue.ours, **catalogue.vendor}
    registry = None if lab.cluster is None else lab.cluster.registry
    found: dict[str, Image] = {}
    for name, image in known.items():
        # What no consumer runs is an operator's to run, and known by the operator's name.
        found |= dict.fromkeys(image.consumers or (name,), Image(images.reference(name, registry), image.uid))
    return found


def masked(lab: Lab) -> Mapping[str, Mapping[str, str]]:
    """Every secret that the lab has, as a word that is none."""
    return {name: {row.key: MASK for row in rows} for name, rows in sops.wanted(lab).items()}


def provider(lab: Lab) -> kubernetes.Provider | None:
    """The cluster that lab.yaml names, and no other, whatever kubectl is set to."""
    if lab.cluster is None:
        return None
    kubeconfig = lab.cluster.kubeconfig
    return kubernetes.Provider(
        "cluster",
        context=lab.cluster.context,
        kubeconfig=None if kubeconfig is None else str(kubeconfig),
        enable_server_side_apply=True,
        # Else another value would be another object: the old one deleted, with all that depends on it, then made.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def site(lab: Lab, plan: LabPlan) -> Site:
    """For the engine. Decrypts the secrets, in memory. Raises MissingTool, SecretsError and InvalidInput."""
    return Site(lab, plan, pinned(lab), sops.read_all(lab), provider(lab))
