"""Three NATS and three Garage that keep data together: the text and the steps that a cluster of hosts gets."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import httpx
import nats
import obstore
import pytest
from obstore.store import S3Store
from pydantic import SecretStr

import servers
from homelab import specs
from homelab.config import garage as garage_conf
from homelab.config import nats as nats_conf
from homelab.tools import find
from pipeline import bootstrap, layout
from pipeline.contract import STREAMS
from pipeline.settings import Settings
from servers import Server, answers, free_port, until
from unit import recorded

LOOPBACK = "127.0.0.1"
PASSWORD = "of/tests:only@"
"""With what a route's address must not hold as it is."""

HOST = "mini-pc-8g"
"""A small machine: three of its NATS promise less disk than this one has."""
MIB = 1024**2


def spec(name: str) -> Any:
    return recorded.plan(HOST, ("nats", "garage")).specs[name]


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
    text = nats_conf.render(
        cast(specs.Nats, spec("nats")),
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


@pytest.fixture
def objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Server]]:
    """Garage as three, by their host names: every name below `localhost` is this machine."""
    binary = find("garage")
    if binary is None:
        pytest.skip("Garage is not built: run ./lab tools garage")
    keys: Mapping[str, str] = {
        "GARAGE_RPC_SECRET": secrets.token_hex(32),
        "GARAGE_ADMIN_TOKEN": secrets.token_hex(16),
        "GARAGE_DEFAULT_ACCESS_KEY": f"GK{secrets.token_hex(12)}",
        "GARAGE_DEFAULT_SECRET_KEY": secrets.token_hex(32),
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    rpc = free_port()
    with ExitStack() as stack:
        made = {}
        for number in range(3):
            address = f"127.0.0.{10 + number}"
            server = _garage(binary, tmp_path / address, address, rpc)
            stack.callback(server.stop)
            server.start()
            made[address] = server
        yield made


def _garage(binary: Path, folder: Path, address: str, rpc: int) -> Server:
    folder.mkdir()
    admin = free_port()
    text = garage_conf.render(
        cast(specs.Garage, spec("garage")),
        listen=address,
        public=address,
        port=3900,
        rpc_port=rpc,
        admin_port=admin,
        metadata_dir=str(folder / "meta"),
        data_dir=str(folder / "data"),
        replication_factor=3,
    )
    config = folder / "garage.toml"
    config.write_text(text)
    url = f"http://{address}:{admin}"
    command = [str(binary), "-c", str(config), "server"]
    return Server("garage", command, admin, lambda: _opened(url), folder / "log", url=url)


def _opened(url: str) -> bool:
    """It answers, though not yet well."""
    try:
        return bool(httpx.get(f"{url}/health", timeout=1).status_code)
    except httpx.TransportError:
        return False


def settle(objects: dict[str, Server]) -> list[str]:
    (rpc,) = {_rpc(server) for server in objects.values()}
    urls = [server.url for server in objects.values()]
    return layout.settle(urls, os.environ["GARAGE_ADMIN_TOKEN"], 100 * MIB, rpc)


def _rpc(server: Server) -> int:
    """From its own file."""
    (line,) = (
        line for line in Path(server.command[2]).read_text().splitlines() if line.startswith("rpc_bind_addr")
    )
    return int(line.rpartition(":")[2].strip('"'))


def store(address: str) -> S3Store:
    return S3Store(
        "raw",
        endpoint=f"http://{address}:3900",
        access_key_id=os.environ["GARAGE_DEFAULT_ACCESS_KEY"],
        secret_access_key=os.environ["GARAGE_DEFAULT_SECRET_KEY"],
        region=garage_conf.REGION,
        client_options={"allow_http": True},
    )


def blocks(folder: Path) -> int:
    """Files of data below one of them."""
    return sum(1 for path in (folder / "data").rglob("*") if path.is_file() and "marker" not in path.name)


def test_three_are_laid_out_once_and_hold_every_object_each(objects: dict[str, Server], tmp_path: Path) -> None:
    first, *_ = objects.values()
    access, secret = os.environ["GARAGE_DEFAULT_ACCESS_KEY"], os.environ["GARAGE_DEFAULT_SECRET_KEY"]
    token = os.environ["GARAGE_ADMIN_TOKEN"]
    assert settle(objects) == [f"{address} has its role" for address in objects]
    assert settle(objects) == []
    assert layout.bring_key(first.url, token, access, secret) is True
    assert layout.bring_key(first.url, token, access, secret) is False
    for server in objects.values():
        until(lambda server=server: answers(f"{server.url}/health"), "a quorum")  # type: ignore[misc]
    with httpx.Client(base_url=first.url, headers={"Authorization": f"Bearer {token}"}) as admin:
        bucket = admin.post("/v2/CreateBucket", json={"globalAlias": "raw"}).raise_for_status().json()["id"]
        grant = {"bucketId": bucket, "accessKeyId": access, "permissions": {"read": True, "write": True}}
        admin.post("/v2/AllowBucketKey", json=grant).raise_for_status()
    obstore.put(store("127.0.0.10"), "one", os.urandom(3 * MIB))
    counted = dict.fromkeys(objects, 3)
    until(lambda: {a: blocks(tmp_path / a) for a in objects} == counted, json.dumps(counted))
    objects["127.0.0.12"].kill()
    assert len(obstore.get(store("127.0.0.11"), "one").bytes()) == 3 * MIB
    obstore.put(store("127.0.0.11"), "two", b"while one is away")


def test_one_that_does_not_answer_the_others_is_told(objects: dict[str, Server]) -> None:
    urls = [server.url for server in objects.values()]
    with pytest.raises(layout.Apart, match=r"127\.0\.0\.11"):
        layout.settle(urls, os.environ["GARAGE_ADMIN_TOKEN"], 100 * MIB, free_port())
