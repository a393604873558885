"""The models that lab.yaml names outside the cluster, as doors of a network policy."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from homelab.components.network import Outside
from homelab.lab import Models

SCHEMES = {"http": 80, "https": 443}


def doors(models: Models) -> tuple[Outside, ...]:
    """One for each endpoint; a name stands for any address, since policies know only those."""
    urls = [models.embedding.endpoint, *([models.chat.endpoint] if models.chat is not None else [])]
    return tuple(dict.fromkeys(_door(url) for url in urls if url != "builtin"))


def _door(url: str) -> Outside:
    parts = urlsplit(url)
    port = parts.port or SCHEMES[parts.scheme]
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return Outside(port)
    return Outside(port, f"{address}/{address.max_prefixlen}")
