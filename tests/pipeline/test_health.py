"""A worker's door: whether it can work, and whether it runs."""

from contextlib import aclosing
from pathlib import Path

import httpx

from pipeline.adapters.graph import Graph
from pipeline.health import door
from pipeline.settings import Settings
from servers import free_port, oxigraph


async def asked(graph: Graph) -> tuple[int, str, int, int]:
    """Status and text of /ready, and the statuses of /health and of a path that is none."""
    port = free_port()
    async with door("127.0.0.1", port, [graph]), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        ready = await client.get("/ready")
        health, other = await client.get("/health"), await client.get("/metrics")
    return ready.status_code, ready.text.strip(), health.status_code, other.status_code


async def test_a_worker_whose_store_answers_is_ready(tmp_path: Path) -> None:
    with oxigraph(tmp_path) as server:
        async with aclosing(Closed(Settings(oxigraph_url=server.url))) as graph:
            assert await asked(graph) == (200, "ready", 200, 404)


async def test_a_worker_whose_store_is_away_is_not_ready_and_needs_no_new_start() -> None:
    async with aclosing(Closed(Settings(oxigraph_url=f"http://127.0.0.1:{free_port()}"))) as graph:
        status, text, health, _ = await asked(graph)
    assert (status, health) == (503, 200)
    assert text.startswith("oxigraph: ")


class Closed(Graph):
    async def aclose(self) -> None:
        await self.close()
