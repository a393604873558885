"""A real LiteLLM proxy from its own environment, with one route for each thing that a model's server may do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from servers import Server, answers, free_port

PYTHON = Path(__file__).parents[2] / "servers/litellm/.venv/bin/python"

KEY = "sk-of-tests-only-0123456789"

START_PATIENCE = 120.0
"""Seconds. It starts in 4 on an idle machine, all of them imports; tests share their two cores with others."""

STATUSES = (400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504)

SETTINGS = {
    "litellm_settings": {"telemetry": False},
    "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    "general_settings": {
        "master_key": "os.environ/LITELLM_MASTER_KEY",
        "custom_auth": "homelab_litellm.keys.check",
        "custom_auth_run_common_checks": True,
        "trusted_proxy_ranges": [],
    },
}


def route(name: str, model: str, base: str, timeout: float = 30, key: str = "none") -> dict[str, Any]:
    params = {"model": f"openai/{model}", "api_base": base, "api_key": key, "timeout": timeout}
    return {"model_name": name, "litellm_params": params}


@contextmanager
def litellm(folder: Path, routes: list[dict[str, Any]]) -> Iterator[Server]:
    """Ready; its key is KEY, `url` its base without `/v1`."""
    if not PYTHON.exists():
        pytest.skip("LiteLLM's environment is not installed: run `uv sync --project servers/litellm`")
    config = folder / "litellm.yaml"
    config.write_text(yaml.safe_dump({"model_list": routes} | SETTINGS), "utf-8")
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
