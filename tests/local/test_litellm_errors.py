"""Which status a client of LiteLLM gets for what went wrong, and that one request is one request upstream."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litellm_process import KEY, STATUSES, chat, litellm, route
from openai_stand_in import StandIn, openai_stand_in

from servers import free_port

PATHS = ["/v1/embeddings", "/v1/chat/completions"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[StandIn]:
    with openai_stand_in() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, upstream: StandIn) -> Iterator[httpx.Client]:
    routes = [route(f"status-{status}", f"status-{status}", upstream.url) for status in STATUSES]
    routes += [
        route("well", "well", upstream.url),
        route("hangs", "hang", upstream.url, timeout=0.5),
        route("down", "well", f"http://127.0.0.1:{free_port()}/v1"),
    ]
    folder = tmp_path_factory.mktemp("litellm")
    models = chat(upstream.url, "well")
    with litellm(folder, models, routes=routes) as proxy, httpx.Client(base_url=proxy.url, timeout=30) as client:
        yield client


def ask(client: httpx.Client, path: str, model: str, key: str | None = KEY, **fields: Any) -> httpx.Response:
    body = {"input": ["x"]} if path == "/v1/embeddings" else {"messages": [{"role": "user", "content": "x"}]}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return client.post(path, json={"model": model} | body | fields, headers=headers)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [None, "sk-wrong", "wrong", f"{KEY}x"])
def test_a_missing_or_wrong_key_is_401(client: httpx.Client, path: str, key: str | None) -> None:
    response = ask(client, path, "well", key)
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "auth_error"


@pytest.mark.parametrize("path", PATHS)
def test_a_route_that_is_not_configured_is_400_and_says_so(client: httpx.Client, path: str) -> None:
    response = ask(client, path, "nowhere")
    assert response.status_code == 400
    assert "Invalid model name passed in model=nowhere" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("status", STATUSES)
def test_the_models_status_comes_through_after_one_attempt(
    client: httpx.Client, upstream: StandIn, path: str, status: int
) -> None:
    before = len(upstream.requests)
    response = ask(client, path, f"status-{status}")
    assert response.status_code == status
    assert len(upstream.requests) == before + 1


@pytest.mark.parametrize("path", PATHS)
def test_how_long_to_back_off_comes_through_under_another_name(client: httpx.Client, path: str) -> None:
    assert ask(client, path, "status-429").headers["llm_provider-retry-after"] == "7"


@pytest.mark.parametrize("path", PATHS)
def test_a_model_that_is_down_is_500(client: httpx.Client, path: str) -> None:
    response = ask(client, path, "down")
    assert response.status_code == 500
    assert "Connection error" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", PATHS)
def test_a_model_that_hangs_is_408_after_its_timeout(client: httpx.Client, upstream: StandIn, path: str) -> None:
    before = len(upstream.requests)
    assert ask(client, path, "hangs").status_code == 408
    assert len(upstream.requests) == before + 1


@pytest.mark.parametrize("path", PATHS)
def test_many_failures_do_not_close_a_route(client: httpx.Client, path: str) -> None:
    """No cool-down: the workers' own circuit decides when to pause."""
    statuses = [ask(client, path, "status-503").status_code for _ in range(12)]
    assert statuses == [503] * 12


def test_dimensions_that_the_model_cannot_give_are_400_not_dropped(client: httpx.Client) -> None:
    response = ask(client, "/v1/embeddings", "well", dimensions=128)
    assert response.status_code == 400
    assert "dimensions" in response.json()["error"]["message"]
