"""Secrets stand in Secrets: not in an environment, a command line, a ConfigMap or an annotation."""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from homelab.policy.ledger import Ledger
from homelab.policy.manifest import Manifest, Manifests, at, breach, many, pods, strings
from homelab.policy.violation import Violations

FIX = "put it into a SOPS file and read it through secretKeyRef or a mounted Secret"

SHORTEST = 8
"""Characters: a shorter value would be found in ordinary words."""

OPEN = (".email", ".user", ".username")
"""Keys of Secrets whose values are no secrets: who signs in."""

_NAME = re.compile(
    r"(?:^|[^a-z])(?:password|passwd|passphrase|secret|token|credentials?|api_?key|access_?key|secret_?key"
    r"|private_?key|master_?key|salt_?key|encryption_?key|rpc_?secret|key)$"
)
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_FORMATS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an age identity": re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{20,}", re.IGNORECASE),
    "a password in an address": re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@$]*:[^\s/@$<{]+@"),
    "an API key": re.compile(r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,})"),
    "a cloud access key": re.compile(r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b"),
    "a Garage access key": re.compile(r"\bGK[0-9a-f]{24,}\b"),
    "a tailnet key": re.compile(r"\btskey-[a-z]+-[A-Za-z0-9-]{10,}"),
    "a signed token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
}

_ASSIGNED = re.compile(
    r"""(?imx) (?:^|[\s"'{,;.-]) (?P<name>[\w.-]*?(?:password|passwd|passphrase|secret|token|credential|api_?-?key
        |access_?-?key|secret_?-?key|master_?-?key)) ["']? \s*(?::|=|\s)\s* ["']? (?P<value>[^\s"',;}]+)"""
)
_REFERENCE = re.compile(
    r"(?:\$.*|<<?.*|%.*|/.*|\.{1,2}/.*|file:.*|os\.environ/.*|\*+|null|none|true|false|yes|no|~|\d{1,7}|\{.*)",
    re.IGNORECASE,
)
"""What stands for a secret instead of being one: a variable, a file, a mask, nothing."""

_DENSE = re.compile(r"[A-Za-z0-9+/_=-]{32,}")


def known(manifests: Manifests, ledger: Ledger) -> Violations:
    """No value of a Secret stands anywhere else."""
    values = _values(manifests, ledger)
    if not values:
        return
    for manifest in manifests:
        if manifest.get("kind") == "Secret":
            manifest = {**manifest, "data": None, "stringData": None}
        for path, text in strings(manifest):
            for value, owner in values.items():
                if value in text:
                    why = "whoever may read this object would know the secret"
                    yield breach(manifest, "secrets.known", path, f"the value of {owner}", why, FIX)


def _values(manifests: Manifests, ledger: Ledger) -> dict[str, str]:
    """Secret value, as text and in base64 → which Secret it is of."""
    found = dict(ledger.secrets)
    for manifest in manifests:
        if manifest.get("kind") == "Secret":
            name = at(manifest, "metadata", "name")
            found |= {value: f"{name}.{key}" for key, value in _pairs(manifest)}
    hidden = {
        value: owner
        for value, owner in found.items()
        if len(value) >= SHORTEST and not _REFERENCE.fullmatch(value) and not owner.endswith(OPEN)
    }
    return hidden | {base64.b64encode(value.encode()).decode().rstrip("="): hidden[value] for value in hidden}


def _pairs(secret: Manifest) -> Iterator[tuple[str, str]]:
    for key, value in (secret.get("stringData") or {}).items():
        yield key, str(value)
    for key, value in (secret.get("data") or {}).items():
        try:
            yield key, base64.b64decode(str(value), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue  # bytes are never part of a text


def guessed(manifests: Manifests, _ledger: Ledger) -> Violations:
    """Nothing outside a Secret looks like one: by its name, its format or its density."""
    for manifest in manifests:
        if manifest.get("kind") == "Secret":
            manifest = {**manifest, "data": None, "stringData": None}
        for path, why in _suspicious(manifest):
            yield breach(manifest, "secrets.plain", path, "a value that is not shown", why, FIX)


def _suspicious(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for pod in pods([manifest]):
        for container in pod.containers:
            for number, variable in enumerate(many(container.spec.get("env"))):
                name, value = str(at(variable, "name")), at(variable, "value")
                if isinstance(value, str) and names_a_secret(name) and value and not _REFERENCE.fullmatch(value):
                    yield f"{container.path}.env[{number}]", f"{name} names a secret"
    for path, text in strings(manifest):
        for what, pattern in _FORMATS.items():
            if pattern.search(text):
                yield path, f"it holds {what}"
        if any(
            not _REFERENCE.fullmatch(match["value"])
            and len(match["value"]) >= SHORTEST
            and _random(match["value"])
            for match in _ASSIGNED.finditer(text)
        ):
            yield path, "a secret is assigned in it"
        elif any(_random(word) and _mixed(word) for word in _DENSE.findall(text)):
            yield path, "it holds a long random word"
    data: Mapping[str, Any] = manifest.get("data") or {} if manifest.get("kind") == "ConfigMap" else {}
    for key, value in data.items():
        if names_a_secret(key) and value and not _REFERENCE.fullmatch(str(value)):
            yield f"data.{key}", f"{key} names a secret"


def names_a_secret(name: str) -> bool:
    """`LAB_S3_SECRET_KEY`, `apiKey` and `password` do; `CHUNK_TOKENS` and `PASSWORD_FILE` do not."""
    return _NAME.search(_WORDS.sub("_", name).lower().replace("-", "_").replace(".", "_")) is not None


def _random(word: str) -> bool:
    """More than 3 bits per character: a password, no English word or version."""
    counts, length = Counter(word), len(word)
    return -sum(n / length * math.log2(n / length) for n in counts.values()) > 3.0


def _mixed(word: str) -> bool:
    """Upper case, lower case and at least three digits: no name, no path, and no hash, which is of one case."""
    return (
        any(c.isupper() for c in word)
        and any(c.islower() for c in word)
        and sum(c.isdigit() for c in word) >= 3
        and word.count("/") < 2
    )


def arguments(manifests: Manifests, _ledger: Ledger) -> Violations:
    """`$(NAME)` of a secret variable would be written into the command line, which every process can read."""
    for pod in pods(manifests):
        for container in pod.containers:
            secret = {
                str(at(variable, "name"))
                for variable in many(container.spec.get("env"))
                if at(variable, "valueFrom", "secretKeyRef")
            }
            for key in ("command", "args"):
                for number, word in enumerate(many(container.spec.get(key))):
                    used = secret.intersection(re.findall(r"\$\(([A-Za-z_]\w*)\)", str(word)))
                    for name in sorted(used):
                        path = f"{container.place}.{key}[{number}]"
                        why = "command lines are no secrets"
                        fix = "let the program read its environment or a mounted file"
                        yield pod.breach("secrets.arguments", path, f"$({name})", why, fix)
