"""litellm.yaml: the routes `embed` and `chat`, with keys read from the environment."""

from typing import Any

import yaml

from homelab.lab import Models
from homelab.specs import LiteLLM

EMBED = "embed"
CHAT = "chat"

REQUEST_TIMEOUT = 110
"""Seconds: a long answer on a small GPU, and below the workers' own 120, so that they hear what went wrong."""


def render(models: Models, *, embedder_url: str) -> str:
    """`embedder_url` is the built-in embedder's, with `/v1`; lab.yaml's endpoint wins over it."""
    embedding = models.embedding
    builtin = embedding.endpoint == "builtin"
    routes = [
        _route(
            EMBED,
            embedding.model,
            embedder_url if builtin else embedding.endpoint,
            "EMBEDDING_API_KEY" if embedding.api_key_file else None,
        )
    ]
    if models.chat is not None:
        key = "CHAT_API_KEY" if models.chat.api_key_file else None
        routes.append(_route(CHAT, models.chat.model, models.chat.endpoint, key))
    document = {
        "model_list": routes,
        "litellm_settings": {"request_timeout": REQUEST_TIMEOUT, "telemetry": False},
        # The workers retry by their own table: a retry or a cool-down here would only hide an outage from them.
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {
            "master_key": "os.environ/LITELLM_MASTER_KEY",
            # Ours says 401 to a missing or wrong key, where the proxy without a database says 500 and 400.
            "custom_auth": "homelab_litellm.keys.check",
            "custom_auth_run_common_checks": True,
            "trusted_proxy_ranges": [],
        },
    }
    return yaml.safe_dump(document, sort_keys=False)


def environment(spec: LiteLLM) -> dict[str, str]:
    return {**spec.settings(), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def _route(name: str, model: str, endpoint: str, key: str | None) -> dict[str, Any]:
    params = {
        "model": f"openai/{model}",
        "api_base": endpoint,
        "api_key": f"os.environ/{key}" if key else "none",  # the client library insists on one
    }
    return {"model_name": name, "litellm_params": params}
