"""What OpenAI's embeddings API says over the wire, and how it refuses."""

import base64
import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from starlette.responses import JSONResponse, Response

from embedder.model import NAME, Embedding, Input

MAX_INPUTS = 2048  # texts in a request; OpenAI's own limit

MAX_BODY = 8 * 1024**2
"""Bytes. 2048 texts of 512 tokens are about 5 MiB of JSON."""


class ApiError(Exception):
    """A refusal, with the fields that OpenAI's clients look at."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code

    def response(self) -> Response:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return JSONResponse({"error": error}, self.status)


class EmbeddingRequest(BaseModel):
    """Fields that other servers know and this model has no use for (`user`, `input_type`) are ignored."""

    model_config = ConfigDict(frozen=True, strict=True)

    model: str
    input: list[Input]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, ge=1)

    @field_validator("input", mode="plain")
    @classmethod
    def _one_or_many(cls, value: object) -> list[Input]:
        """A string, strings, a list of token ids, or lists of token ids."""
        if isinstance(value, str):
            items: list[object] = [value]
        elif isinstance(value, list) and value and all(type(item) is int for item in value):
            items = [value]
        elif isinstance(value, list):
            items = value
        else:
            raise ValueError(f"must be a string or a list, not {_kind(value)}")
        if not items:
            raise ValueError("must not be an empty list")
        if len(items) > MAX_INPUTS:
            raise ValueError(f"holds {len(items)} texts; at most {MAX_INPUTS} are taken at a time")
        return [_text_or_ids(index, item) for index, item in enumerate(items)]


def _text_or_ids(index: int, item: object) -> Input:
    if item in ("", []):
        raise ValueError(f"item {index} is empty")
    if isinstance(item, str):
        return item
    if isinstance(item, list) and all(type(token) is int for token in item):
        return item
    raise ValueError(f"item {index} must be a string or a list of token ids, not {_kind(item)}")


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", dict: "an object", list: "a list"}
    return names.get(type(value), "null")


def parse(body: bytes, *, dimensions: int, vocabulary: int) -> EmbeddingRequest:
    """Raises ApiError: 404 for another model's name, 400 for all else."""
    try:
        request = EmbeddingRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        param = str(first["loc"][0]) if first["loc"] else None
        message = first["msg"].removeprefix("Value error, ")
        raise ApiError(400, f"{param or 'body'}: {message}", param=param) from None
    if request.model.rpartition("/")[2].lower() != NAME.lower():
        message = f"model: {request.model!r} is not served here; {NAME} is"
        raise ApiError(404, message, param="model", code="model_not_found")
    if request.dimensions not in (None, dimensions):
        message = f"dimensions: {request.dimensions} asked for; {NAME} has {dimensions} and cannot be shortened"
        raise ApiError(400, message, param="dimensions")
    for index, item in enumerate(request.input):
        if not isinstance(item, str) and not all(0 <= token < vocabulary for token in item):
            message = f"input: item {index} holds a token id outside 0 to {vocabulary - 1}"
            raise ApiError(400, message, param="input")
    return request


def render(embeddings: Sequence[Embedding], encoding_format: str) -> bytes:
    """The response's JSON; base64 is that of little-endian float32."""
    as_base64 = encoding_format == "base64"
    tokens = sum(embedding.tokens for embedding in embeddings)
    return _json(
        {
            "object": "list",
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": _base64(embedding) if as_base64 else embedding.vector.tolist(),
                }
                for index, embedding in enumerate(embeddings)
            ],
            "model": NAME,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def models(created: int) -> bytes:
    """What `GET /v1/models` answers; `created` is in seconds since 1970."""
    listed = [{"id": NAME, "object": "model", "created": created, "owned_by": "sentence-transformers"}]
    return _json({"object": "list", "data": listed})


def _base64(embedding: Embedding) -> str:
    return base64.b64encode(embedding.vector.astype("<f4").tobytes()).decode("ascii")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
