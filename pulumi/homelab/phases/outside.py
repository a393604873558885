"""The models that lab.yaml names outside the cluster, as doors of a network policy."""

from urllib.parse import urlsplit

from homelab.components.network import Outside
from homelab.lab import Models

SCHEMES = {"http": 80, "https": 443}


def doors(models: Models) -> tuple[Outside, ...]:
    """One for each endpoint."""
    urls = [models.embedding.endpoint, *([models.chat.endpoint] if models.chat is not None else [])]
    return tuple(dict.fromkeys(_door(url) for url in urls if url != "builtin"))


def _door(url: str) -> Outside:
    parts = urlsplit(url)
    return Outside.of(parts.hostname or "", parts.port or SCHEMES[parts.scheme])
