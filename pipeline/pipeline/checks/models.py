"""What phase 3 promises: every model behind LiteLLM answers, and calls a tool with valid JSON."""

import json
from typing import Any

import httpx

from pipeline.errors import Misconfigured, Unavailable
from pipeline.parts import Parts
from pipeline.settings import Settings

WHERE = "litellm"

TIMEOUT = 120.0
"""Seconds for one answer: a model on a Raspberry Pi that has to be loaded first."""

TOOL = {
    "type": "function",
    "function": {
        "name": "set_temperature",
        "description": "Set the temperature of a room",
        "parameters": {
            "type": "object",
            "properties": {
                "room": {"type": "string", "maxLength": 20},
                "celsius": {"type": "integer", "minimum": 5, "maximum": 30},
            },
            "required": ["room", "celsius"],
        },
    },
}


async def answers(settings: Settings, parts: Parts) -> str:
    """Every model that chats says something."""
    async with _client(settings) as client:
        models = await _chatting(client)
        for model in models:
            body = {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 16}
            message = await _message(client, model, body)
            if not message.get("content") and not message.get("reasoning_content"):
                raise Misconfigured(WHERE, f"{model} answered nothing")
    return f"{', '.join(models)} answered"


async def tool_calls(settings: Settings, parts: Parts) -> str:
    """Asked to call a tool, every model that chats gives arguments that parse and fit the tool's schema."""
    async with _client(settings) as client:
        models = await _chatting(client)
        for model in models:
            body = {
                "messages": [{"role": "user", "content": "Make the kitchen 21 degrees warm."}],
                "tools": [TOOL],
                "tool_choice": "required",
                "max_tokens": 256,
            }
            _must_fit(model, await _message(client, model, body))
    return f"{', '.join(models)}: arguments are valid JSON"


def _must_fit(model: str, message: dict[str, Any]) -> None:
    calls = message.get("tool_calls") or []
    if not calls:
        raise Misconfigured(WHERE, f"{model} called no tool")
    given = calls[0]["function"]["arguments"]
    try:
        arguments = json.loads(given)
    except ValueError as error:
        raise Misconfigured(WHERE, f"{model}: arguments are no JSON: {given[:80]!r}") from error
    if not isinstance(arguments, dict) or set(arguments) != {"room", "celsius"}:
        raise Misconfigured(WHERE, f"{model}: arguments are not the tool's: {given[:80]!r}")


async def _chatting(client: httpx.AsyncClient) -> list[str]:
    """The names of all that are no encoders."""
    listed = (await _asked(client.get("/model/info")))["data"]
    models = {model["model_name"] for model in listed if model["model_info"].get("mode") != "embedding"}
    if not models:
        raise Misconfigured(WHERE, "no model but for embedding is routed")
    return sorted(models)


async def _message(client: httpx.AsyncClient, model: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await _asked(client.post("/v1/chat/completions", json={"model": model, "temperature": 0, **body}))
    message: dict[str, Any] = answer["choices"][0]["message"]
    return message


def _client(settings: Settings) -> httpx.AsyncClient:
    key = settings.litellm_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    # no proxy of the environment: it must not see the key
    return httpx.AsyncClient(base_url=settings.litellm_url, headers=headers, timeout=TIMEOUT, trust_env=False)


async def _asked(request: Any) -> dict[str, Any]:
    try:
        response = await request
    except httpx.TransportError as error:
        raise Unavailable(WHERE, str(error) or type(error).__name__) from error
    if response.is_error:
        raise Unavailable(WHERE, f"{response.status_code} {' '.join(response.text.split())[:200]}")
    document: dict[str, Any] = response.json()
    return document
