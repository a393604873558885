"""Kubeconfigs of the sandbox: one for the person, one for each program, all with their certificate inside."""

import base64
import os
from pathlib import Path
from typing import Any

import yaml

from homelab.sandbox.layout import API_PORT, CONTROL
from homelab.sandbox.pki import Pair, issue

CONTEXT = "sandbox"


def write(path: Path, ca: Pair, user: Pair, server: str = f"https://{CONTROL}:{API_PORT}") -> None:
    """Only the owner may read it: it holds the user's key."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": CONTEXT, "cluster": {"server": server, "certificate-authority-data": _data(ca.certificate)}}
        ],
        "users": [
            {
                "name": CONTEXT,
                "user": {
                    "client-certificate-data": _data(user.certificate),
                    "client-key-data": _data(user.key),
                },
            }
        ],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        "current-context": CONTEXT,
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        yaml.safe_dump(document, file, sort_keys=False)


def for_user(path: Path, ca: Pair, folder: Path, user: str, *groups: str) -> None:
    """A kubeconfig for `user`, whose certificate is made on the way, in `folder`."""
    write(path, ca, issue(ca, Pair.at(folder, path.stem), user, groups))


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
