"""The platform as tools for language models, over MCP at `/mcp` of the API (streamable HTTP, no sessions)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.routing import BaseRoute

from pipeline.adapters.telemetry import Summary, Telemetry
from pipeline.answer import Answer
from pipeline.errors import PipelineError
from pipeline.parts import Parts

T = TypeVar("T")

PATH = "/mcp"

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, open_world_hint=False)
"""No tool changes anything: a model may call them without asking a person."""

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Limit = Annotated[int, Field(ge=1, le=50, description="passages at most")]


def server(parts: Callable[[], Parts], telemetry: Telemetry | None) -> MCPServer:
    """The tools over the API's own `parts`; `telemetry` is a tool only where its database is configured."""
    tools = MCPServer(
        "home-lab",
        version="1",
        instructions="This household: its documents, the graph between them, and what the house measures.",
    )

    @tools.tool(annotations=READS)
    async def search(text: Text, limit: Limit = 8) -> Answer:
        """The passages of the household's documents nearest to `text`, best first."""
        return await _told(parts().query.search(text, limit))

    @tools.tool(annotations=READS)
    async def ask(question: Text, limit: Limit = 8) -> Answer:
        """An answer from the household's documents; `[n]` in it cites the n-th of `passages`."""
        return await _told(parts().query.ask(question, limit))

    @tools.tool(annotations=READS)
    async def sparql(query: Annotated[str, Field(min_length=1, max_length=20_000)]) -> list[dict[str, str]]:
        """Rows of a read-only SPARQL query over the graphs of all documents (dcterms, schema.org, SKOS)."""
        return await _told(parts().graph.select(query))

    if telemetry is not None:

        @tools.tool(name="telemetry", annotations=READS)
        async def measured(
            entity: Annotated[str, Field(min_length=1, max_length=255, description="as sensor.*; * is any text")],
            days: Annotated[int, Field(ge=1, le=30)] = 1,
        ) -> Summary:
            """What Home Assistant measured: last values, and each day's mean, least and most."""
            return await _told(telemetry.summary(entity, days))

    return tools


def routes(tools: MCPServer, names: Sequence[str], max_body: int) -> list[BaseRoute]:
    """The door of `tools`, for an application that runs `tools.session_manager.run()` while it lives.

    Every request stands alone, so that any replica of the API answers it. It answers to the host `names` and to
    no page of a browser.
    """
    hosts = [host for name in names for host in (name, f"{name}:*")]
    app = tools.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        max_request_body_size=max_body,
        transport_security=TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[]),
    )
    return app.routes


async def _told(work: Awaitable[T]) -> T:
    """What is foreseen reaches the model in a line that it can act upon."""
    try:
        return await work
    except PipelineError as error:
        raise ToolError(str(error)) from error
