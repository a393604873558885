"""Three NATS that keep streams together: the text and the steps that a cluster of hosts gets."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import nats
import pytest
from pydantic import SecretStr

import servers
from homelab import specs
from homelab.config import nats as nats_conf
from pipeline import bootstrap
from pipeline.contract import STREAMS
from pipeline.settings import Settings
from servers import Server, answers, free_port, until
from unit import recorded

LOOPBACK = "127.0.0.1"
PASSWORD = "of/tests:only@"
"""With what a route's address must not hold as it is."""

HOST = "mini-pc-8g"
"""A small machine: three of its NATS promise less disk than this one has."""


@dataclass(frozen=True)
class Member:
    """One of three: its server and the port of its clients."""

    server: Server
    port: int


@pytest.fixture
def streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Member]]:
    """NATS as three, each with a file of its own."""
    doors = [free_port() for _ in range(3)]
    monkeypatch.setenv("NATS_PASSWORD", PASSWORD)
    for number, port in enumerate(doors):
        monkeypatch.setenv(f"NATS_ROUTE_{number}", nats_conf.route(LOOPBACK, port, PASSWORD))
    with ExitStack() as stack:
        members = []
        for number, door in enumerate(doors):
            monkeypatch.setenv("NATS_SERVER_NAME", f"nats-{number}")
            members.append(_nats(tmp_path / str(number), door))
            stack.callback(members[-1].server.stop)
            _begin(members[-1].server)
        for member in members:
            until(lambda member=member: answers(f"{member.server.url}/healthz"), f"{member.server.name} healthy")  # type: ignore[misc]
        yield members


def _begin(server: Server) -> None:
    """Its process alone: it is ready once the others are there."""
    ready, server.ready = server.ready, lambda: True
    server.start()
    server.ready = ready


def _nats(folder: Path, door: int) -> Member:
    folder.mkdir()
    port, monitor = free_port(), free_port()
    spec = recorded.plan(HOST, ("nats",)).specs["nats"]
    assert isinstance(spec, specs.Nats)
    text = nats_conf.render(
        spec,
        listen=LOOPBACK,
        port=port,
        monitor_port=monitor,
        store_dir=str(folder / "store"),
        cluster=nats_conf.Cluster(3, door),
    )
    config = folder / "nats.conf"
    config.write_text(text)
    url = f"http://{LOOPBACK}:{monitor}"
    command = [servers.program("nats-server"), "--config", str(config)]
    ready = f"{url}/healthz?js-server-only=true"
    return Member(Server(folder.name, command, port, lambda: answers(ready), folder / "log", url=url), port)


def settings(members: list[Member]) -> Settings:
    return Settings(
        nats_url=f"nats://{LOOPBACK}:{members[0].port}",
        nats_user=nats_conf.USER,
        nats_password=SecretStr(PASSWORD),
        stream_replicas=3,
        stream_scale=0.01,
    )


async def connected(member: Member) -> nats.NATS:
    return await nats.connect(f"nats://{LOOPBACK}:{member.port}", user=nats_conf.USER, password=PASSWORD)


def leader(member: Member, stream: str) -> str:
    """By the member's own word; "" while there is none."""
    told = httpx.get(f"{member.server.url}/jsz?streams=true").json()
    details = [one for account in told["account_details"] for one in account.get("stream_detail", ())]
    return str(next(one["cluster"].get("leader", "") for one in details if one["name"] == stream))


async def test_every_stream_has_three_copies_and_a_second_step_changes_nothing(streams: list[Member]) -> None:
    made = await bootstrap.make_streams(settings(streams))
    assert [line for line in made if line.startswith("stream")] == [f"stream {s.name} created" for s in STREAMS]
    assert await bootstrap.make_streams(settings(streams)) == []
    client = await connected(streams[1])
    for stream in STREAMS:
        info = await client.jetstream().stream_info(stream.name)
        assert info.config.num_replicas == 3
        assert info.cluster is not None
        assert len(info.cluster.replicas or []) == 2
    await client.close()


async def test_what_was_stored_is_there_while_one_of_three_is_away(streams: list[Member]) -> None:
    await bootstrap.make_streams(settings(streams))
    client = await connected(streams[0])
    for number in range(20):
        await client.jetstream().publish("kg.upsert.completed", str(number).encode())
    await client.close()
    streams[0].server.kill()
    until(
        lambda: leader(streams[1], "KG") in ("nats-1", "nats-2"), "one of the two that are left leads the stream"
    )
    other = await connected(streams[1])
    jetstream = other.jetstream(timeout=30)
    await jetstream.publish("kg.upsert.completed", b"20")
    assert (await jetstream.stream_info("KG")).state.messages == 21
    await other.close()


def test_a_server_without_the_password_is_no_member(
    streams: list[Member], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, member in enumerate(streams):
        door = httpx.get(f"{member.server.url}/varz").json()["cluster"]["cluster_port"]
        monkeypatch.setenv(f"NATS_ROUTE_{number}", nats_conf.route(LOOPBACK, door, "another"))
    monkeypatch.setenv("NATS_SERVER_NAME", "stranger")
    stranger = _nats(tmp_path / "stranger", free_port())
    _begin(stranger.server)
    refused = "authentication error"
    until(lambda: refused in streams[0].server.log.read_text(), "it is refused")
    stranger.server.stop()
    routes = httpx.get(f"{streams[0].server.url}/routez").json()["routes"]
    assert {route["remote_name"] for route in routes} == {"nats-1", "nats-2"}
