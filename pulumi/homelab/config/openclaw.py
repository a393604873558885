"""openclaw.json5: the models of the platform, for OpenClaw on a person's own machine. It holds no secret."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

PROVIDER = "litellm"

KEY = "LITELLM_API_KEY"
"""The variable of the person's machine that holds LiteLLM's key."""

LEAST_CONTEXT = 4096
"""Tokens that an endpoint is taken to read where nobody has said how many: the least that servers start with."""

ANSWER_SHARE = 4
"""A quarter of the context is for the answer."""


@dataclass(frozen=True, slots=True)
class Model:
    """`context` in tokens; None where it is somebody else's endpoint."""

    name: str
    context: int | None = None


def render(models: Sequence[Model], *, litellm_url: str) -> str:
    """The first of `models` is the one that it asks unless told otherwise."""
    provider = {
        "baseUrl": f"{litellm_url}/v1",
        "apiKey": f"${{{KEY}}}",
        "api": "openai-completions",
        "models": [_model(model) for model in models],
    }
    document = {
        "models": {"mode": "merge", "providers": {PROVIDER: provider}},
        "agents": {"defaults": {"model": {"primary": f"{PROVIDER}/{models[0].name}"}}},
    }
    return f"// Put it where OpenClaw looks, and set {KEY}.\n{json.dumps(document, indent=2)}\n"


def _model(model: Model) -> dict[str, object]:
    context = model.context or LEAST_CONTEXT
    return {
        "id": model.name,
        "name": model.name,
        "reasoning": False,
        "input": ["text"],
        "contextWindow": context,
        "maxTokens": context // ANSWER_SHARE,
    }
