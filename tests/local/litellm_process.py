"""A real LiteLLM proxy from its own environment, with the settings that the platform renders for it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from homelab.config.litellm import render
from homelab.lab import Chat, Models
from servers import Server, answers, free_port

PYTHON = Path(__file__).parents[2] / "servers/litellm/.venv/bin/python"

KEY = "sk-of-tests-only-0123456789"

START_PATIENCE = 120.0
"""Seconds. It starts in 4 on an idle machine, all of them imports; tests share their two cores with others."""

STATUSES = (400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504)

NOBODY = "http://127.0.0.1:9/v1"
"""Where nothing listens: the discard port is closed everywhere."""


def chat(url: str, model: str, key_file: Path | None = None) -> Models:
    """The built-in embedding model, and a chat model at `url`."""
    return Models(chat=Chat(endpoint=url, model=model, api_key_file=key_file))


def route(name: str, model: str, base: str, timeout: float = 30) -> dict[str, Any]:
    params = {"model": f"openai/{model}", "api_base": base, "api_key": "none", "timeout": timeout}
    return {"model_name": name, "litellm_params": params}


@contextmanager
def litellm(
    folder: Path, models: Models, *, embedder_url: str = NOBODY, routes: Sequence[dict[str, Any]] = ()
) -> Iterator[Server]:
    """Ready, with the platform's settings for `models` and `routes` beside its own.

    Its key is KEY, `url` its base without `/v1`.
    """
    if not PYTHON.exists():
        pytest.skip("LiteLLM's environment is not installed: run `uv sync --project servers/litellm`")
    config = folder / "litellm.yaml"
    settings = yaml.safe_load(render(models, embedder_url=embedder_url))
    settings["model_list"] += routes
    config.write_text(yaml.safe_dump(settings), "utf-8")
    port = free_port()
    command = [str(PYTHON), "-m", "homelab_litellm", "--config", str(config), "--host", "127.0.0.1"]
    url = f"http://127.0.0.1:{port}"
    ready = f"{url}/health/readiness"
    server = Server(
        "litellm",
        [*command, "--port", str(port)],
        port,
        lambda: answers(ready),
        folder / "litellm.log",
        url=url,
        patience=START_PATIENCE,
    )
    secrets = {"LITELLM_MASTER_KEY": KEY, "CHAT_API_KEY": "of the chat model"}
    try:
        with mock.patch.dict(os.environ, secrets):
            server.start()
        yield server
    finally:
        server.stop()
