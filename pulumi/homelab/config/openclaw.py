"""openclaw.json5: the models of the platform, for OpenClaw on a person's own machine. It holds no secret."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

PROVIDER = "litellm"

KEY = "LITELLM_API_KEY"
"""The variable of the person's machine that holds LiteLLM's key."""

UNSAID_CONTEXT = 32768
"""Tokens that an endpoint is taken to read where nobody has said how many: what the profiles hold to be enough.
OpenClaw itself would suppose 128,000, and learn of less by the endpoint's refusals."""

TURN = 20480
"""Tokens that a turn of its agent needs: 16,000 are its own instructions and tools, and the answer needs some.
It asks a model that reads 16,384 for 392 more, one that reads 8,192 for a single one (measured of 2026.9.6)."""

ANSWER_SHARE = 4
"""A quarter of the context is for the answer."""


@dataclass(frozen=True, slots=True)
class Model:
    """`context` in tokens; None where it is somebody else's endpoint."""

    name: str
    context: int | None = None

    @property
    def reads(self) -> int:
        return self.context or UNSAID_CONTEXT


def render(models: Sequence[Model], *, litellm_url: str) -> str:
    """The first of `models` that reads a whole turn is the one that it asks unless told otherwise."""
    usual = next((model for model in models if model.reads >= TURN), models[0])
    provider = {
        "baseUrl": f"{litellm_url}/v1",
        "apiKey": f"${{{KEY}}}",
        "api": "openai-completions",
        # Else it sends nothing to a name that leads to a private address, as every Service's does.
        "request": {"allowPrivateNetwork": True},
        "models": [_model(model) for model in models],
    }
    document = {
        # Without it, its gateway takes the file for a damaged one and does not start.
        "gateway": {"mode": "local"},
        "models": {"mode": "merge", "providers": {PROVIDER: provider}},
        "agents": {"defaults": {"model": {"primary": f"{PROVIDER}/{usual.name}"}}},
    }
    return f"// Put it at ~/.openclaw/openclaw.json, and set {KEY}.\n{json.dumps(document, indent=2)}\n"


def _model(model: Model) -> dict[str, object]:
    return {
        "id": model.name,
        "name": model.name,
        "reasoning": False,
        "input": ["text"],
        "contextWindow": model.reads,
        "maxTokens": model.reads // ANSWER_SHARE,
    }
