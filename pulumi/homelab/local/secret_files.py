"""The platform's own passwords and keys: made once, kept in files that only their owner reads."""

import os
from pathlib import Path

from homelab.sops import maker

MAKERS = {
    "postgres": maker("supabase", "password"),
    "nats": maker("nats", "password"),
    "litellm": maker("litellm", "master_key"),
    "garage-rpc": maker("garage", "rpc_secret"),
    "garage-admin": maker("garage", "admin_token"),
    "garage-access-key": maker("garage", "access_key"),
    "garage-secret-key": maker("garage", "secret_key"),
}
"""In the forms of the cluster's, so that a product is asked for one form only."""


def ensure(folder: Path) -> dict[str, Path]:
    """Make the missing ones; returns name → file (mode 0600).

    A new secret is complete before it gets its name: a crash leaves none half-written.
    """
    for name, make in MAKERS.items():
        path = folder / name
        if path.exists():
            continue
        new = folder / f".{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        new.rename(path)
    return {name: folder / name for name in MAKERS}
