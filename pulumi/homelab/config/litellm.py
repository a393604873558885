"""litellm.yaml: the routes `embed` and `chat`, and one for each model of the lab's own servers.

Keys are read from the environment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from homelab.lab import Models
from homelab.specs import LiteLLM

EMBED = "embed"
CHAT = "chat"

REQUEST_TIMEOUT = 110
"""Seconds: a long answer on a small GPU, and below the workers' own 120, so that they hear what went wrong."""


@dataclass(frozen=True, slots=True)
class Route:
    """`name` is what clients ask for; routes of one name take turns. `model` is the provider's name for the
    protocol and the model's own, as `ollama_chat/qwen3`; `key` the variable that holds its key, where it has one.
    """

    name: str
    model: str
    endpoint: str
    embeds: bool = False
    key: str | None = None


def render(models: Models, *, embedder_url: str, served: Sequence[Route] = ()) -> str:
    """`embedder_url` is the built-in embedder's, with `/v1`; lab.yaml's endpoint wins over it. `served` are the
    models of the lab's own servers.
    """
    embedding = models.embedding
    builtin = embedding.endpoint == "builtin"
    routes = [
        Route(
            EMBED,
            f"openai/{embedding.model}",
            embedder_url if builtin else embedding.endpoint,
            embeds=True,
            key="EMBEDDING_API_KEY" if embedding.api_key_file else None,
        )
    ]
    if models.chat is not None:
        key = "CHAT_API_KEY" if models.chat.api_key_file else None
        routes.append(Route(CHAT, f"openai/{models.chat.model}", models.chat.endpoint, key=key))
    document = {
        "model_list": [_entry(route) for route in (*routes, *served)],
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


def _entry(route: Route) -> dict[str, Any]:
    params = {
        "model": route.model,
        "api_base": route.endpoint,
        "api_key": f"os.environ/{route.key}" if route.key else "none",  # the client library insists on one
    }
    # What /model/info says of it, so that nobody asks an encoder for an answer.
    mode = "embedding" if route.embeds else "chat"
    return {"model_name": route.name, "litellm_params": params, "model_info": {"mode": mode}}
