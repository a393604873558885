"""Images: the bytes that were tested are the bytes that run."""

import re

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifests, pods
from homelab.policy.violation import Violations

# What registries move: a word, or a version without its last parts.
_EXACT_TAG = re.compile(r"(?:.*[^0-9.])?\d+\.\d+(?:\.\d+)*(?:[-+._].*|[a-z]+\d*)?|.*\bb\d{4,}|.*[0-9a-f]{12,}.*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

FIX = "write the exact version, or name@sha256:…, in stacks/images.yaml"


def pinned(manifests: Manifests, _ledger: Ledger) -> Violations:
    for pod in pods(manifests):
        for container in pod.containers:
            image = container.spec.get("image")
            given, why = _flaw(image if isinstance(image, str) else "")
            if why:
                path = f"{container.place}.image"
                yield pod.breach("images.pinned", path, given, why, FIX)


def _flaw(image: str) -> tuple[str, str]:
    """What is wrong with the reference; an empty reason where nothing is."""
    if not image:
        return "none", "every container names its image"
    if "@" in image:
        name, digest = image.split("@", 1)
        exact = _DIGEST.fullmatch(digest)
        return (image, "") if name and exact else (image, "a digest is sha256: and 64 hexadecimal digits")
    last = image.rsplit("/", 1)[-1]
    if ":" not in last:
        return image, "an image without a tag is whatever is newest"
    tag = last.split(":", 1)[1]
    return (
        (image, "") if _EXACT_TAG.fullmatch(tag) else (image, f"{tag or 'an empty tag'} can become another image")
    )


def pull(manifests: Manifests, _ledger: Ledger) -> Violations:
    """A pinned image is the same everywhere, so a restart must not need the registry."""
    for pod in pods(manifests):
        for container in pod.containers:
            policy = container.spec.get("imagePullPolicy", "IfNotPresent")
            if policy not in {"IfNotPresent", "Never"}:
                path = f"{container.place}.imagePullPolicy"
                why = "a pod must restart while the registry cannot be reached"
                yield pod.breach("images.pull", path, str(policy), why, "set IfNotPresent")
