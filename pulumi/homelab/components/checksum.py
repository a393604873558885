"""What a pod was started with, as an annotation: a change of it is a change of the pod, which starts anew."""

import hashlib

import pulumi

ANNOTATION = "homelab/checksum"

DIGITS = 16
"""Hexadecimal digits of SHA-256: enough to tell two configurations apart, too few to find a secret by."""


def checksum(*texts: pulumi.Input[str]) -> pulumi.Output[str]:
    """Of configurations and secrets together. It is no secret itself: it would make one of the whole pod."""
    return pulumi.Output.unsecret(pulumi.Output.all(*texts).apply(lambda known: digest(*known)))


def digest(*texts: str) -> str:
    """Each text with its length, so that what moves from one to the next is a change too."""
    hashed = hashlib.sha256()
    for text in texts:
        raw = text.encode()
        hashed.update(len(raw).to_bytes(8, "big") + raw)
    return hashed.hexdigest()[:DIGITS]
