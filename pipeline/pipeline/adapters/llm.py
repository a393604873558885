"""The chat model behind LiteLLM, or behind anything else that speaks OpenAI's `/v1/chat/completions`."""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from pipeline.adapters.retry_after import retry_after
from pipeline.errors import Malformed, Misconfigured, PipelineError, RateLimited, Refused, Unavailable
from pipeline.settings import Settings

WHERE = "chat model"

CONNECT_TIMEOUT = 5.0
"""Seconds. The proxy stands on the same machine or in the same cluster."""

MAX_REASON = 200
"""Characters of a server's error text that are passed on: one line, not a page of HTML."""

UNKNOWN_KEY = "no_db_connection"
UNKNOWN_MODEL = "Invalid model name"
"""How LiteLLM without a database refuses a key or a model: with 400, as if the request were malformed."""


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message = _Message()
    delta: _Message = _Message()
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice]


class ChatModel:
    """The LLM port. Deterministic as far as the model is: temperature 0.

    `timeout` bounds a whole answer in seconds, queueing included; `max_tokens` bounds its length.
    """

    def __init__(
        self,
        url: str,
        model: str,
        key: SecretStr | None,
        *,
        timeout: float = 120.0,  # a CPU-only model reads 3,000 tokens of context at about 50 tokens/s
        max_tokens: int = 1024,  # an answer of a page; a reasoning model thinks within it too
    ) -> None:
        self.model = model
        self._timeout = timeout
        self._max_tokens = max_tokens
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
            trust_env=False,  # a proxy of the environment must not see prompts or keys
        )

    @classmethod
    def configured(cls, settings: Settings, *, timeout: float = 120.0) -> "ChatModel | None":
        """The model that the settings name, or None: everything works without one."""
        if settings.chat_model is None:
            return None
        return cls(settings.litellm_url, settings.chat_model, settings.litellm_key, timeout=timeout)

    async def close(self) -> None:
        await self._client.aclose()

    async def complete(self, system: str, user: str, *, schema: dict[str, Any] | None = None) -> str:
        """The model's whole answer; with `schema` (bounded, see `unbounded`) it is JSON text of that shape.

        Raises Unavailable, RateLimited, Refused, Misconfigured; Malformed for a request that the model
        refuses, and for an answer that is empty or was cut before its JSON ended.
        """
        body = self._body(system, user)
        if schema is not None:
            if loose := unbounded(schema):
                raise ValueError(f"a model may fill {', '.join(loose)} without end: give each a maximum")
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": schema},
            }
        with _named(self._client.base_url, self._timeout):
            async with asyncio.timeout(self._timeout):
                response = await self._client.post("/v1/chat/completions", json=body)
        _check(response, self.model)
        choice = _first(response.text)
        text = (choice.message.content or "").strip()
        if not text:
            raise Malformed(WHERE, f"{self.model} answered nothing (finish_reason {choice.finish_reason})")
        if schema is not None:
            _check_json(text, choice.finish_reason)
        return text

    async def stream(self, system: str, user: str) -> AsyncGenerator[str, None]:
        """The answer in pieces as they are made. Raises as `complete` does, also half-way."""
        body = self._body(system, user) | {"stream": True}
        # not asyncio.timeout: held open over a yield it would cancel whoever reads the pieces
        deadline = asyncio.get_running_loop().time() + self._timeout
        with _named(self._client.base_url, self._timeout):
            async with self._client.stream("POST", "/v1/chat/completions", json=body) as response:
                if response.is_error:
                    await response.aread()
                _check(response, self.model)
                async for line in response.aiter_lines():
                    if asyncio.get_running_loop().time() > deadline:
                        raise TimeoutError
                    field, _, data = line.partition(":")
                    if field != "data" or not (data := data.strip()):
                        continue  # comments, event names and the blank lines between events
                    if data == "[DONE]":
                        return
                    if piece := _first(data).delta.content:
                        yield piece
        raise Unavailable(WHERE, f"{self.model} broke off in the middle of its answer")

    def _body(self, system: str, user: str) -> dict[str, Any]:
        return {
            "model": self.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "temperature": 0,
            "max_tokens": self._max_tokens,
        }


@contextmanager
def _named(url: httpx.URL, timeout: float) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise Unavailable(WHERE, f"no answer within {timeout:g} s") from error
    except httpx.TransportError as error:
        raise Unavailable(WHERE, f"{url}: {error or type(error).__name__}") from error


def unbounded(schema: dict[str, Any], path: str = "$") -> list[str]:
    """Paths of the strings and lists of a JSON schema that have no maximum; small models loop on those."""
    loose = []
    kind = schema.get("type")
    if kind == "string" and not schema.keys() & {"maxLength", "enum", "const"}:
        loose.append(path)
    if kind == "array":
        if "maxItems" not in schema:
            loose.append(path)
        loose += unbounded(schema.get("items", {}), f"{path}[]")
    for name, part in (schema.get("properties", {}) | schema.get("$defs", {})).items():
        loose += unbounded(part, f"{path}.{name}")
    for keyword in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(keyword, ()):
            loose += unbounded(part, path)
    return loose


def _first(text: str) -> _Choice:
    try:
        completion = _Completion.model_validate_json(text)
    except ValidationError as error:
        raise Unavailable(WHERE, f"not an answer of this protocol: {_line(text)}") from error
    # a stream's last event may carry usage figures alone
    return completion.choices[0] if completion.choices else _Choice()


def _check(response: httpx.Response, model: str) -> None:
    if response.is_success:
        return
    message, kind = _error(response)
    raise refusal(response.status_code, message, model, retry_after(response), kind)


def refusal(status: int, message: str, model: str, wait: float | None, kind: str) -> PipelineError:
    """What the server's status means, whoever asked it; `wait` are the seconds that it wants to be left alone, and
    `kind` is the type that it gives its error.
    """
    reason = f"{status} {_line(message)}"
    match status:
        case 401 | 403:
            return Refused(WHERE, reason)
        case 400 if kind == UNKNOWN_KEY:
            return Refused(WHERE, f"{reason} (LiteLLM's words for a key that it does not know)")
        case 404:
            return Misconfigured(WHERE, f"{model!r} is not served there: {reason}")
        case 400 if UNKNOWN_MODEL in message:
            return Misconfigured(WHERE, f"{model!r} is not served there: {reason}")
        case 429:
            return RateLimited(WHERE, reason, wait)
        case status if status < 500 and status != 408:  # 408: the proxy gave up waiting
            return Malformed(WHERE, reason)
        case _:
            return Unavailable(WHERE, reason)


def _error(response: httpx.Response) -> tuple[str, str]:
    """The server's message, and its type."""
    try:
        error = response.json()["error"]
        if isinstance(error, dict):
            return str(error["message"]), str(error.get("type"))
        return str(error), ""
    except (ValueError, KeyError, TypeError):
        return response.text, ""


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"


def _check_json(text: str, finish_reason: str | None) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise Malformed(WHERE, f"its JSON breaks off or is none (finish_reason {finish_reason})") from error
