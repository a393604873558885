"""Servers that take no write after a full disk are started anew once there is room, and keep what they had."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import nats
import nats.errors
import psutil
import pytest
from nats.js.api import StreamConfig
from stand import Stand, make

from servers import until
from small_disk import fill, small_disk

MIB = 1024**2


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stand]:
    """Its files lie on a disk of their own."""
    with small_disk(tmp_path / "disk", 40) as disk:
        stand = make(disk / "lab")
        yield stand
        stand.down()


async def store(stand: Stand, count: int) -> int:
    """How many of so many messages of half a MiB were accepted."""
    password = (stand.folders.secrets / "nats").read_text().strip()
    client = await nats.connect(f"nats://127.0.0.1:{stand.ports.nats}", user="lab", password=password)
    try:
        jetstream = client.jetstream(timeout=2)
        await jetstream.add_stream(StreamConfig(name="KEPT", subjects=["kept"]))
        for number in range(count):
            try:
                await jetstream.publish("kept", b"x" * (MIB // 2))
            except nats.errors.TimeoutError:
                return number
        return count
    finally:
        await client.close()


async def stored(stand: Stand) -> int:
    password = (stand.folders.secrets / "nats").read_text().strip()
    client = await nats.connect(f"nats://127.0.0.1:{stand.ports.nats}", user="lab", password=password)
    try:
        return (await client.jetstream().stream_info("KEPT")).state.messages
    finally:
        await client.close()


async def test_nats_takes_messages_again_and_has_every_one_that_it_accepted(small: Stand) -> None:
    small.up(small.nats())
    ballast = fill(small.folders.data.parent, 4 * MIB)
    accepted = await store(small, 20)
    assert 0 < accepted < 20
    assert small.restarts("nats") == 0
    ballast.unlink()
    until(lambda: small.restarts("nats") == 1, "started anew")
    until(lambda: small.state("nats") == "RUNNING", "running")
    assert await stored(small) == accepted
    assert await store(small, 2) == 2


def update(stand: Stand, number: int) -> bool:
    triples = "\n".join(f'<urn:{number}> <urn:has> "{number}.{line} {"x" * 500}" .' for line in range(1000))
    answer = httpx.post(
        f"http://127.0.0.1:{stand.ports.oxigraph}/update",
        content=f"INSERT DATA {{ {triples} }}",
        headers={"Content-Type": "application/sparql-update"},
        timeout=30,
    )
    return answer.status_code == 204


def triples(stand: Stand) -> int:
    answer = httpx.get(
        f"http://127.0.0.1:{stand.ports.oxigraph}/query",
        params={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"},
        headers={"Accept": "application/sparql-results+json"},
    )
    return int(json.loads(answer.text)["results"]["bindings"][0]["n"]["value"])


def test_oxigraph_takes_updates_again_and_has_every_one_that_it_accepted(small: Stand) -> None:
    small.up(small.oxigraph())
    ballast = fill(small.folders.data.parent, 4 * MIB)
    accepted = [update(small, number) for number in range(30)]
    assert True in accepted
    assert not accepted[-1]
    ballast.unlink()
    until(lambda: small.restarts("oxigraph") == 1, "started anew")
    until(lambda: small.state("oxigraph") == "RUNNING", "running")
    assert triples(small) == accepted.count(True) * 1000
    assert update(small, 30)


def test_the_watcher_knows_no_secret_and_ends_with_its_server(small: Stand) -> None:
    small.up(small.nats())
    server = psutil.Process(small.pid("nats"))
    [watcher] = server.children()
    assert watcher.environ() == {}
    server.kill()
    until(lambda: not watcher.is_running() or watcher.status() == psutil.STATUS_ZOMBIE, "gone")
