"""The servers that every other test leans on."""

import threading

import httpx
import nats as nats_client
import psutil
import psycopg
import pytest

from pipeline.settings import Settings
from servers import Server, conninfo


async def test_a_new_lab_has_no_streams_and_an_empty_database(lab: Settings) -> None:
    connection = await nats_client.connect(lab.nats_url)
    assert await connection.jetstream().streams_info() == []
    await connection.close()
    assert lab.postgres_password is not None
    with psycopg.connect(
        host=lab.postgres_host,
        port=lab.postgres_port,
        user=lab.postgres_user,
        dbname=lab.postgres_db,
        password=lab.postgres_password.get_secret_value(),
    ) as database:
        assert database.execute("SELECT count(*) FROM pg_class WHERE relname = 'documents'").fetchone() == (0,)
        database.execute("CREATE EXTENSION vector")


def test_a_server_that_is_killed_no_longer_answers_and_starts_again(
    own_lab: tuple[Settings, dict[str, Server]],
) -> None:
    oxigraph = own_lab[1]["oxigraph"]
    oxigraph.kill()
    with pytest.raises(httpx.ConnectError):
        httpx.get(oxigraph.url)
    oxigraph.start()
    assert httpx.get(f"{oxigraph.url}/query?query=ASK%7B%7D").json()["boolean"] is True


def test_a_postgres_that_is_killed_starts_again_also_when_a_backend_dies_later(
    own_lab: tuple[Settings, dict[str, Server]],
) -> None:
    postgres = own_lab[1]["postgres"]
    with psycopg.connect(conninfo(postgres.port)) as client:
        backend = psutil.Process(client.info.backend_pid)
        backend.suspend()
        resume = threading.Timer(0.3, backend.resume)
        resume.start()
        postgres.kill()
        postgres.start()
        resume.join()
