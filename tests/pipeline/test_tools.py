"""The tools for language models, called by the protocol's own client over real HTTP and real servers."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from api_process import QUESTION, Platform, platform, serving
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from pipeline.settings import Settings
from servers import PASSWORD, free_port


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    measured(lab)
    settings = lab.settings.model_copy(
        update={
            "telemetry_host": "127.0.0.1",
            "telemetry_port": lab.settings.postgres_port,
            "telemetry_db": "lab",
            "telemetry_user": "lab",
            "telemetry_password": SecretStr(PASSWORD),
        }
    )
    with serving(settings, tmp_path_factory.mktemp("api") / "api.log") as client:
        yield client


def measured(lab: Platform) -> None:
    """What Home Assistant would have written today: a temperature and a switch."""
    door = {"host": "127.0.0.1", "port": lab.settings.postgres_port, "user": "lab", "dbname": "lab"}
    with psycopg.connect(**door, password=PASSWORD) as connection:  # type: ignore[arg-type]
        connection.execute(
            "CREATE TABLE events (time timestamptz, entity_id text, value text, attributes jsonb);"
            "INSERT INTO events VALUES (now() - interval '2 seconds', 'sensor.cellar', '17.5'),"
            " (now() - interval '1 second', 'sensor.cellar', '18.5'), (now(), 'sensorxcellar', '99'),"
            " (now(), 'switch.pump', 'on'), (now() - interval '9 days', 'sensor.attic', '30')"
        )


@asynccontextmanager
async def session(api: httpx.Client) -> AsyncIterator[ClientSession]:
    async with (
        streamable_http_client(f"{api.base_url}/mcp") as streams,
        ClientSession(*streams[:2]) as client,
    ):
        await client.initialize()
        yield client


async def test_the_tools_are_listed_with_what_they_take(api: httpx.Client) -> None:
    async with session(api) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "ask", "sparql", "telemetry"}
    assert tools["search"].input_schema["required"] == ["text"]
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())


async def test_an_answer_comes_with_its_passages(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("ask", {"question": QUESTION})
    assert not called.is_error
    assert called.structured_content is not None
    assert "74 minutes" in called.structured_content["answer"]
    assert called.structured_content["passages"][0]["document"] == "Power and shutdown plan"


async def test_a_query_over_the_graphs_gives_rows(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("sparql", {"query": "SELECT (1 AS ?one) {}"})
    assert called.structured_content == {"result": [{"one": "1"}]}


async def test_an_update_is_refused_in_a_line(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("sparql", {"query": "DROP ALL"})
    assert called.is_error
    assert "Traceback" not in str(called.content)


async def test_the_house_is_summarised_by_entity_and_day(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("telemetry", {"entity": "sensor.*"})
    assert called.structured_content is not None
    [last] = called.structured_content["last"]
    assert (last["entity"], last["value"]) == ("sensor.cellar", "18.5")
    readings = sum(day["readings"] for day in called.structured_content["days"])
    assert readings == 2
    assert max(day["most"] for day in called.structured_content["days"]) == 18.5


async def test_words_have_a_last_value_and_no_mean(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("telemetry", {"entity": "switch.pump"})
    assert called.structured_content is not None
    assert called.structured_content["last"][0]["value"] == "on"
    assert called.structured_content["days"][0]["mean"] is None


async def test_too_long_a_question_is_said_to_be_so(api: httpx.Client) -> None:
    async with session(api) as client:
        called = await client.call_tool("search", {"text": "x" * 2001})
    assert called.is_error
    assert "at most 2000" in str(called.content)


def test_without_a_telemetry_database_there_is_no_such_tool(lab: Platform, tmp_path: Path) -> None:
    settings: Settings = lab.settings.model_copy(update={"api_port": free_port()})
    with serving(settings, tmp_path / "api.log") as client:
        listed = client.post(
            "/mcp",
            json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
            headers={"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"},
        )
    assert {tool["name"] for tool in listed.json()["result"]["tools"]} == {"search", "ask", "sparql"}


def test_a_page_of_another_site_may_not_call_tools(api: httpx.Client) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"Accept": "application/json, text/event-stream", "Origin": "https://evil.example"}
    assert api.post("/mcp", json=call, headers=headers).status_code == 403
    assert api.post("/mcp", json=call, headers=headers | {"Host": "evil.example"}).status_code in (400, 421)
