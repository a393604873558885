"""What a test of the pipeline stands on: settings of its own over real servers, emptied.

`lab` is over the session's servers: a new database, no streams, no graphs, an empty object folder. `own_lab` is
over servers of the test's own, which it may stop or kill.
"""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import nats as nats_client
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from pipeline.settings import Settings
from servers import PASSWORD, PATIENCE, Server, conninfo, nats, oxigraph, postgres


@pytest.fixture
def database(postgres_server: Server) -> Iterator[str]:
    """The name of a new empty database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(conninfo(postgres_server.port), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def _delete_streams(url: str) -> None:
    connection = await nats_client.connect(url)
    manager = connection.jetstream()
    for stream in await manager.streams_info():
        await manager.delete_stream(stream.config.name or "")
    await connection.close()


def settings_for(nats: Server, postgres: Server, oxigraph: Server, database: str, objects: Path) -> Settings:
    """Settings that point at these servers; small streams, so that they fit any disk."""
    return Settings(
        nats_url=nats.url,
        postgres_host="127.0.0.1",
        postgres_port=postgres.port,
        postgres_db=database,
        postgres_user="lab",
        postgres_password=SecretStr(PASSWORD),
        objects=objects.as_uri(),
        oxigraph_url=oxigraph.url,
        stream_scale=0.01,
    )


@pytest.fixture
def lab(
    nats_server: Server, postgres_server: Server, oxigraph_server: Server, database: str, tmp_path: Path
) -> Settings:
    """Settings over the session's servers, emptied: as on a machine where nothing was ever ingested."""
    asyncio.run(_delete_streams(nats_server.url))
    httpx.post(
        f"{oxigraph_server.url}/update",
        content="CLEAR ALL",
        headers={"Content-Type": "application/sparql-update"},
        timeout=PATIENCE,
    ).raise_for_status()
    return settings_for(nats_server, postgres_server, oxigraph_server, database, tmp_path / "objects")


@pytest.fixture
def own_lab(tmp_path: Path) -> Iterator[tuple[Settings, dict[str, Server]]]:
    """Settings over servers of the test's own, by name, for tests that stop or kill them."""
    with ExitStack() as stack:
        servers = {
            "nats": stack.enter_context(nats(tmp_path)),
            "postgres": stack.enter_context(postgres(tmp_path)),
            "oxigraph": stack.enter_context(oxigraph(tmp_path)),
        }
        yield settings_for(**servers, database="lab", objects=tmp_path / "objects"), servers
