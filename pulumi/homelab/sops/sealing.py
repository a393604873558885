"""Encrypting: plain text goes to sops over a pipe, and only what comes back is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homelab.document.source import shown
from homelab.errors import Problem, SecretsError
from homelab.sops import rules
from homelab.sops.place import Place
from homelab.sops.programs import call, sops


def seal(here: Place, path: Path, values: Mapping[str, Any]) -> bytes:
    """The content of `path` with `values` in it, for the recipients of the rules. Raises SecretsError."""
    return _encrypt(here, path, json.dumps(values).encode(), "json")


def seal_text(here: Place, path: Path, text: bytes) -> bytes:
    """The same from YAML as a person wrote it; comments are kept, encrypted. Raises SecretsError."""
    return _encrypt(here, path, text, "yaml")


def _encrypt(here: Place, path: Path, given: bytes, kind: str) -> bytes:
    rules.recipients(here)  # refuses in words of ours what sops would end with a number for
    where = ("--config", here.rules, "encrypt", "--filename-override", path.absolute())
    ended = call(here, [sops(), *where, "--input-type", kind, "--output-type", "yaml", "/dev/stdin"], given)
    if ended.returncode:
        given_back = f"sops ended with status {ended.returncode}"
        fix = f"see {shown(here.rules)}, and `sops encrypt` by hand"
        raise SecretsError(Problem(shown(path), given_back, "it must be encrypted", fix))
    return ended.stdout
