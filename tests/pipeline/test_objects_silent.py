"""An object store whose machine died: a connection that was kept to it is never answered again."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from chain import over_s3

from pipeline.adapters import objects
from pipeline.errors import Malformed, Unavailable
from pipeline.settings import Settings

NOT_THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Kept:
    """A stand-in for S3 that has no object and keeps connections; `dead` are those that it answers no more."""

    def __init__(self) -> None:
        self.connections: list[asyncio.StreamWriter] = []
        self.dead = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        mine = len(self.connections)
        while (await reader.readline()).strip():
            while (await reader.readline()).strip():
                pass  # headers
            if mine > self.dead:
                writer.write(NOT_THERE)

    async def close(self) -> None:
        for connection in self.connections:
            connection.close()
            await connection.wait_closed()


@pytest.fixture
async def kept() -> AsyncIterator[tuple[Kept, str]]:
    store = Kept()
    async with await asyncio.start_server(store.serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield store, f"http://{host}:{port}"
        await store.close()


async def test_a_question_over_a_dead_connection_ends_early_and_the_next_one_opens_another(
    lab: Settings, kept: tuple[Kept, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "ANSWERS", 0.3)
    store, endpoint = kept
    asked = over_s3(lab, endpoint)
    assert await asked.exists("processed", "a") is False
    store.dead = 1
    with pytest.raises(Unavailable, match=r"objects: no answer within 0\.3 s"):
        await asked.exists("processed", "a")
    assert await asked.exists("processed", "a") is False
    store.dead = 2
    with pytest.raises(Unavailable, match=r"objects: no answer within 0\.3 s"):
        await asked.get("processed", "a")
    with pytest.raises(Malformed, match="there is no object processed/a"):
        await asked.get("processed", "a")
    assert len(store.connections) == 3
