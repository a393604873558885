"""The embedding model behind LiteLLM, or behind anything else that speaks OpenAI's `/v1/embeddings`."""

import base64
import binascii
import struct
from array import array
from collections.abc import Sequence

import httpx
from pydantic import BaseModel, ValidationError

from pipeline.adapters.retry_after import retry_after
from pipeline.errors import Malformed, Misconfigured, RateLimited, Refused, Unavailable
from pipeline.ports import Vector
from pipeline.settings import Settings

WHERE = "embedding model"

TIMEOUT = httpx.Timeout(120.0, connect=5.0)
"""Seconds. A batch of 32 chunks takes below 1 s built-in, 30 s on a Raspberry Pi that first loads its model."""

MAX_REASON = 200
"""Characters of a server's error text that are passed on: one line, not a page of HTML."""


class _Item(BaseModel):
    index: int
    embedding: list[float] | str


class _Answer(BaseModel):
    data: list[_Item]


class Embeddings:
    """The Embedder port: batches of `embed_batch` texts, each vector of `embed_dimensions` numbers."""

    def __init__(self, settings: Settings) -> None:
        key = settings.litellm_key
        self._model = settings.embed_model
        self._dimensions = settings.embed_dimensions
        self._batch = settings.embed_batch
        self._client = httpx.AsyncClient(
            base_url=settings.litellm_url,
            headers={"Authorization": f"Bearer {key.get_secret_value()}"} if key else {},
            timeout=TIMEOUT,
            trust_env=False,  # a proxy of the environment must not see documents or keys
        )

    async def check(self) -> None:
        """Asks the proxy, not the model: the model may be loaded on first use."""
        try:
            response = await self._client.get("/health/liveliness", timeout=5.0)
        except httpx.TransportError as error:
            raise self._away(error) from error
        # another server than LiteLLM need not have that path: that it answers says enough
        if response.is_server_error:
            raise Unavailable(WHERE, f"{response.status_code} from {self._client.base_url}")

    async def close(self) -> None:
        await self._client.aclose()

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order. Raises Misconfigured when their length is not the one agreed on."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), self._batch):
            vectors += await self._embed(texts[start : start + self._batch])
        return vectors

    async def _embed(self, texts: Sequence[str]) -> list[Vector]:
        body = {"model": self._model, "input": list(texts), "encoding_format": "base64"}
        try:
            response = await self._client.post("/v1/embeddings", json=body)
        except httpx.TransportError as error:
            raise self._away(error) from error
        self._check(response)
        try:
            answer = _Answer.model_validate_json(response.content)
            vectors = [_numbers(item.embedding) for item in sorted(answer.data, key=lambda item: item.index)]
        except (ValidationError, binascii.Error, struct.error) as error:
            raise Unavailable(WHERE, f"not an answer of this protocol: {_line(response.text)}") from error
        if len(vectors) != len(texts):
            raise Unavailable(WHERE, f"{len(vectors)} vectors for {len(texts)} texts")
        for vector in vectors:
            if len(vector) != self._dimensions:
                raise Misconfigured(
                    WHERE,
                    f"{self._model!r} gives {len(vector)} dimensions, LAB_EMBED_DIMENSIONS={self._dimensions}",
                )
        return vectors

    def _away(self, error: httpx.TransportError) -> Unavailable:
        return Unavailable(WHERE, f"{self._client.base_url}: {error or type(error).__name__}")

    def _check(self, response: httpx.Response) -> None:
        if response.is_success:
            return
        text = _line(response.text)
        reason = f"{response.status_code} {text}"
        match response.status_code:
            case 401 | 403:
                raise Refused(WHERE, reason)
            case 429:
                raise RateLimited(WHERE, reason, retry_after(response))
            case 404:
                raise Misconfigured(WHERE, f"{self._model!r} is not served there: {reason}")
            case 400 if "no_db_connection" in response.text:  # LiteLLM's way of saying 401 to an unknown key
                raise Refused(WHERE, reason)
            case 400 if "Invalid model name" in text:  # LiteLLM's way of saying 404
                raise Misconfigured(WHERE, f"{self._model!r} is not served there: {reason}")
            case 500 if "No api key passed in" in text:  # and to none
                raise Refused(WHERE, reason)
            case status if status < 500 and status != 408:  # 408: the proxy gave up waiting
                raise Malformed(WHERE, reason)
            case _:
                raise Unavailable(WHERE, reason)


def _numbers(embedding: list[float] | str) -> Vector:
    """Four bytes a number, as the store keeps them; a list of Python's floats would take 32."""
    if isinstance(embedding, list):
        return array("f", embedding)
    raw = base64.b64decode(embedding, validate=True)
    return array("f", struct.unpack(f"<{len(raw) // 4}f", raw))


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_REASON else text[: MAX_REASON - 1] + "…"
