"""Every secret of the platform, one row each: what code, documents and tests read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from homelab.lab import Lab
from homelab.sops.values import Make, alphanumeric, fixed, password, token


@dataclass(frozen=True, slots=True)
class Form:
    """What a product accepts: `pattern` decides about the whole value, `words` tell a person."""

    words: str
    pattern: str

    def holds(self, value: str) -> bool:
        return re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """The value under `key` of `<name>.sops.yaml`.

    `make` is None for what only a person has: it is copied from the file that lab.yaml names under `copied`.
    `bits` is the least entropy of what is made, 0 for what is no secret by itself.
    """

    name: str
    key: str
    form: Form
    make: Make | None
    bits: int
    reader: str
    copied: Literal["", "models.chat.api_key_file", "models.embedding.api_key_file"] = ""

    def source(self, lab: Lab) -> Path | None:
        """The file that the value is copied from; None where it is made, or where lab.yaml names no file."""
        model = {
            "models.chat.api_key_file": lab.models.chat,
            "models.embedding.api_key_file": lab.models.embedding,
        }.get(self.copied)
        return None if model is None else model.api_key_file


WORD = Form("16 characters at least, no spaces", r"[!-~]{16,}")
LONG = Form("32 characters at least, no spaces", r"[!-~]{32,}")  # ContextForge: MIN_SECRET_LENGTH
HEX64 = Form("64 hex digits", r"[0-9a-f]{64}")
EMAIL = Form("an e-mail address", r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# OpenObserve (since 0.91) does not start with a root password that lacks one of the four kinds; 8 to 128 long.
POLICY = Form(
    "12 to 128 characters with upper and lower case, a digit and another sign, no spaces",
    r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^A-Za-z0-9])[!-~]{12,128}",
)
ANY = Form("not empty", r"\S+")

ADMIN = fixed("admin@homelab.internal")  # .internal is reserved for private use; validators accept it

TABLE = (
    Row("nats", "password", WORD, token("n", 24), 192, "NATS and whatever publishes or consumes"),
    Row("supabase", "password", WORD, token("p", 24), 192, "Postgres and its clients"),
    Row("garage", "rpc_secret", HEX64, token("", 32), 256, "Garage nodes among themselves"),
    Row("garage", "admin_token", WORD, token("g", 24), 192, "Garage's administration"),
    Row(
        "garage",
        "access_key",
        Form("GK and 24 hex digits", r"GK[0-9a-f]{24}"),
        token("GK", 12),
        96,
        "S3 clients, as their name",
    ),
    Row("garage", "secret_key", HEX64, token("", 32), 256, "S3 clients"),
    Row(
        "litellm",
        "master_key",
        Form("sk- and 16 characters at least, no spaces", r"sk-[!-~]{16,}"),
        token("sk-", 24),
        192,
        "LiteLLM and its clients",
    ),
    Row("openobserve", "email", EMAIL, ADMIN, 0, "OpenObserve's root user, as name"),
    Row("openobserve", "password", POLICY, password(32), 190, "OpenObserve's root user, the collector"),
    Row("contextforge", "jwt_secret", LONG, alphanumeric(48), 285, "ContextForge: JWT_SECRET_KEY"),
    Row("contextforge", "encryption_secret", LONG, alphanumeric(48), 285, "ContextForge: AUTH_ENCRYPTION_SECRET"),
    Row("contextforge", "admin_email", EMAIL, ADMIN, 0, "ContextForge: PLATFORM_ADMIN_EMAIL"),
    Row("contextforge", "admin_password", POLICY, password(32), 190, "ContextForge: PLATFORM_ADMIN_PASSWORD"),
    Row("contextforge", "user_password", POLICY, password(32), 190, "ContextForge: DEFAULT_USER_PASSWORD"),
    Row("contextforge", "basic_password", POLICY, password(32), 190, "ContextForge: BASIC_AUTH_PASSWORD"),
    Row("timescale", "password", WORD, token("t", 24), 192, "TimescaleDB and the telemetry bridge"),
    Row("pulumi", "passphrase", WORD, token("p", 24), 192, "Pulumi, for secrets in its state"),
    Row("models", "chat_api_key", ANY, None, 0, "LiteLLM, for the chat model", "models.chat.api_key_file"),
    Row(
        "models",
        "embedding_api_key",
        ANY,
        None,
        0,
        "LiteLLM, for the embedding model",
        "models.embedding.api_key_file",
    ),
)


def wanted(lab: Lab) -> dict[str, tuple[Row, ...]]:
    """Name → the rows that this lab has; what it would copy is there only where lab.yaml names the file."""
    found: dict[str, tuple[Row, ...]] = {}
    for row in TABLE:
        if row.make is not None or row.source(lab) is not None:
            found[row.name] = (*found.get(row.name, ()), row)
    return found


def maker(name: str, key: str) -> Make:
    """What makes this value. Raises KeyError for one that is not made."""
    return {(row.name, row.key): row.make for row in TABLE if row.make is not None}[name, key]


def rows_of(name: str) -> Sequence[Row]:
    return [row for row in TABLE if row.name == name]
