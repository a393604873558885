"""Three Garage that keep objects together: the text and the steps that a cluster of hosts gets."""

import json
import os
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import obstore
import pytest
from obstore.store import S3Store

from homelab import specs
from homelab.config import garage as garage_conf
from homelab.tools import find
from pipeline import layout
from pipeline.adapters.objects import ANSWERS
from servers import Server, answers, free_port, until
from unit import recorded

MIB = 1024**2


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
    spec = recorded.plan("mini-pc-8g", ("garage",)).specs["garage"]
    assert isinstance(spec, specs.Garage)
    text = garage_conf.render(
        spec,
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
    """As patient as a worker."""
    return S3Store(
        "raw",
        endpoint=f"http://{address}:3900",
        access_key_id=os.environ["GARAGE_DEFAULT_ACCESS_KEY"],
        secret_access_key=os.environ["GARAGE_DEFAULT_SECRET_KEY"],
        region=garage_conf.REGION,
        client_options={"allow_http": True, "timeout": timedelta(seconds=ANSWERS)},
        retry_config={"max_retries": 0},
    )


def make_bucket(url: str) -> None:
    """Named `raw`, for the platform's key."""
    access, secret = os.environ["GARAGE_DEFAULT_ACCESS_KEY"], os.environ["GARAGE_DEFAULT_SECRET_KEY"]
    token = os.environ["GARAGE_ADMIN_TOKEN"]
    assert layout.bring_key(url, token, access, secret) is True
    assert layout.bring_key(url, token, access, secret) is False
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as admin:
        bucket = admin.post("/v2/CreateBucket", json={"globalAlias": "raw"}).raise_for_status().json()["id"]
        grant = {"bucketId": bucket, "accessKeyId": access, "permissions": {"read": True, "write": True}}
        admin.post("/v2/AllowBucketKey", json=grant).raise_for_status()


@contextmanager
def silent(server: Server) -> Iterator[None]:
    """As if its machine had died: its connections stay open, and nothing comes from them."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


def blocks(folder: Path) -> int:
    """Files of data below one of them."""
    return sum(1 for path in (folder / "data").rglob("*") if path.is_file() and "marker" not in path.name)


def test_three_are_laid_out_once_and_hold_every_object_each(objects: dict[str, Server], tmp_path: Path) -> None:
    assert settle(objects) == [f"{address} has its role" for address in objects]
    assert settle(objects) == []
    for server in objects.values():
        until(lambda server=server: answers(f"{server.url}/health"), "a quorum")  # type: ignore[misc]
    make_bucket(objects["127.0.0.10"].url)
    obstore.put(store("127.0.0.10"), "one", os.urandom(3 * MIB))
    counted = dict.fromkeys(objects, 3)
    until(lambda: {a: blocks(tmp_path / a) for a in objects} == counted, json.dumps(counted))
    objects["127.0.0.12"].kill()
    assert len(obstore.get(store("127.0.0.11"), "one").bytes()) == 3 * MIB
    obstore.put(store("127.0.0.11"), "two", b"while one is away")


def test_one_that_falls_silent_holds_nobody_up_for_as_long_as_a_worker_waits(objects: dict[str, Server]) -> None:
    """Whichever it is: the others ask the one that was quickest before, until five pings were lost, 75 s later."""
    settle(objects)
    until(lambda: all(answers(f"{server.url}/health") for server in objects.values()), "a quorum")
    make_bucket(objects["127.0.0.10"].url)
    asked, body = store("127.0.0.10"), os.urandom(3 * MIB)
    obstore.put(asked, "one", body)
    for address in ("127.0.0.11", "127.0.0.12"):
        with silent(objects[address]):
            assert obstore.head(asked, "one")["size"] == len(body)
            assert obstore.get(asked, "one").bytes() == body
            obstore.put(asked, f"while {address} is silent", body)


def test_one_that_does_not_answer_the_others_is_told(objects: dict[str, Server]) -> None:
    urls = [server.url for server in objects.values()]
    with pytest.raises(layout.Apart, match=r"127\.0\.0\.11"):
        layout.settle(urls, os.environ["GARAGE_ADMIN_TOKEN"], 100 * MIB, free_port())
