"""The platform's own passwords and keys: made once, kept in files that only their owner reads."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def _token(prefix: str, size: int) -> Callable[[], str]:
    """`size` random bytes in hex behind a letter, so that no product's configuration reads it as a number."""
    return lambda: prefix + secrets.token_hex(size)


MAKERS: dict[str, Callable[[], str]] = {
    "postgres": _token("p", 24),
    "nats": _token("n", 24),
    "litellm": _token("sk-", 24),  # LiteLLM's keys begin so
    "garage-rpc": _token("", 32),  # 32 bytes in hex, as Garage demands
    "garage-admin": _token("g", 24),
    "garage-access-key": _token("GK", 12),  # Garage's form: GK and 24 hex digits
    "garage-secret-key": _token("", 32),
}


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
