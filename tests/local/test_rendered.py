"""Real servers take the settings that are rendered for recorded machines, and tell them back.

A machine larger than this one is planned as if it had this one's memory.
"""

import asyncio
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import psutil
import psycopg
import pytest
from litellm_process import litellm

import servers
from homelab import specs
from homelab.config import garage as garage_conf
from homelab.config import litellm as litellm_conf
from homelab.config import nats as nats_conf
from homelab.config import postgres as postgres_conf
from homelab.errors import BudgetExceeded
from homelab.lab import Models
from homelab.planner import HostPlan
from homelab.tools import find
from labs import settings_for
from pipeline import buckets
from pipeline.bootstrap import bootstrap
from pipeline.settings import Settings
from servers import PASSWORD, PATIENCE, Server, answers, conninfo, free_port
from unit import recorded

HOSTS = (
    "ci-machine",
    "container-4g",
    "desktop-128g-nvidia",
    "desktop-16g",
    "desktop-32g",
    "mini-pc-8g",
    "jetson-orin-64g",
    "pi5-8g",
)
THIS_MIB = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
SIZES = {"kB": 1024, "MiB": 1024**2}
LOOPBACK = "127.0.0.1"
ONE_WORD = "password-of-tests-only"
"""NATS reads a variable as a value of its configuration, where a space ends it."""


@pytest.fixture(scope="module", params=HOSTS)
def plan(request: pytest.FixtureRequest) -> HostPlan:
    try:
        return recorded.plan(request.param, recorded.EVERYTHING, at_most_mib=THIS_MIB)
    except BudgetExceeded:
        return recorded.plan(request.param, recorded.ROLES[request.param], at_most_mib=THIS_MIB)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that initdb made, for every host's Postgres in turn."""
    folder = tmp_path_factory.mktemp("postgres")
    password = folder / "password"
    password.write_text(PASSWORD)
    command = [str(servers.postgres_bin() / "initdb"), "-D", str(folder / "data"), "--username=lab"]
    command += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(servers.as_somebody(command), check=True, capture_output=True)
    return folder / "data"


@pytest.fixture
def postgres(plan: HostPlan, cluster: Path, tmp_path: Path) -> Iterator[psycopg.Connection[Any]]:
    """A connection to Postgres with the host's postgresql.conf."""
    port, config = free_port(), tmp_path / "postgresql.conf"
    config.write_text(
        postgres_conf.render(cast(specs.Postgres, plan.specs["postgres"]), listen=LOOPBACK, port=port)
    )
    command = [str(servers.postgres_bin() / "postgres"), "-D", str(cluster), "-c", f"config_file={config}"]

    def ready() -> bool:
        try:
            psycopg.connect(conninfo(port), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    server = Server("postgres", servers.as_somebody(command), port, ready, tmp_path / "postgres.log")
    server.stop_signal = servers.signal.SIGINT
    server.start()
    try:
        with psycopg.connect(conninfo(port), autocommit=True) as connection:
            yield connection
    finally:
        server.stop()


def test_postgres_runs_with_exactly_the_settings_of_the_plan(
    plan: HostPlan, postgres: psycopg.Connection[Any]
) -> None:
    assert postgres.execute("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL").fetchall() == []
    in_force = {
        name: (setting, unit, source)
        for name, setting, unit, source in postgres.execute("SELECT name, setting, unit, source FROM pg_settings")
    }
    for row in plan.specs["postgres"].table():
        if row.name == "shm_size":  # of the container, not of the server
            continue
        setting, unit, source = in_force[row.name]
        assert source == "configuration file", row.name
        if row.figure.unit in SIZES:
            one = unit if unit[0].isdigit() else f"1{unit}"
            query = "SELECT %s::bigint * pg_size_bytes(%s)"
            told = postgres.execute(query, (setting, one)).fetchone()
            assert told == (row.figure.value * SIZES[row.figure.unit],), row.name
        else:
            assert setting == row.text.removesuffix(".0"), row.name


def test_postgres_sorts_and_builds_an_index_within_them(postgres: psycopg.Connection[Any]) -> None:
    postgres.execute(
        "CREATE TEMP TABLE numbers AS SELECT (random() * 1e9)::int AS n FROM generate_series(1, 200000)"
    )
    postgres.execute("CREATE INDEX ON numbers (n)")
    assert postgres.execute("SELECT count(*) FROM numbers a JOIN numbers b USING (n) WHERE n < 0").fetchone() == (
        0,
    )


@pytest.fixture
def nats(plan: HostPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """NATS with the host's nats.conf and environment; `url` is its monitor's."""
    spec = cast(specs.Nats, plan.specs["nats"])
    port, monitor, config = free_port(), free_port(), tmp_path / "nats.conf"
    store = str(tmp_path / "jetstream")
    config.write_text(
        nats_conf.render(spec, listen=LOOPBACK, port=port, monitor_port=monitor, store_dir=store), "utf-8"
    )
    for name, value in {**nats_conf.environment(spec), "NATS_PASSWORD": ONE_WORD}.items():
        monkeypatch.setenv(name, value)
    url = f"http://{LOOPBACK}:{monitor}"
    ready = f"{url}/healthz?js-enabled-only=true"
    command = [servers.program("nats-server"), "--config", str(config)]
    server = Server("nats-server", command, port, lambda: answers(ready), tmp_path / "nats.log", url=url)
    server.start()
    yield server
    server.stop()


def told(url: str) -> dict[str, Any]:
    response = httpx.get(url, timeout=PATIENCE).raise_for_status()
    return cast(dict[str, Any], response.json())


def test_nats_tells_the_limits_of_the_plan(plan: HostPlan, nats: Server) -> None:
    spec = cast(specs.Nats, plan.specs["nats"])
    running, streams = told(f"{nats.url}/varz"), told(f"{nats.url}/jsz")
    assert running["max_payload"] == spec.max_payload.value * 1024**2
    assert running["max_pending"] == spec.max_pending.value * 1024**2
    assert running["gomemlimit"] == spec.gomemlimit.value * 1024**2
    assert streams["config"]["max_memory"] == spec.max_memory_store.value * 1024**2
    assert streams["config"]["max_storage"] == spec.max_file_store.value * 1024**3


def test_nats_takes_every_stream_at_the_scale_of_the_plan(
    plan: HostPlan, nats: Server, postgres_server: Server, oxigraph_server: Server, database: str, tmp_path: Path
) -> None:
    around = settings_for(nats, postgres_server, oxigraph_server, database, tmp_path / "objects")
    scale = float(plan.specs["pipeline"].settings()["stream_scale"])
    own = {
        "nats_url": f"nats://{LOOPBACK}:{nats.port}",
        "nats_user": nats_conf.USER,
        "nats_password": ONE_WORD,
        "stream_scale": scale,
    }
    settings = Settings.model_validate({**around.model_dump(), **own})
    asyncio.run(bootstrap(settings))
    running = told(f"{nats.url}/jsz")
    reserved, ceiling = running["reserved_storage"], 31 * 1024**3 * scale
    assert running["streams"] == 5
    assert ceiling - running["streams"] <= reserved <= ceiling
    assert reserved <= running["config"]["max_storage"]


@pytest.fixture
def garage(plan: HostPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Garage with the host's garage.toml: its admin door, and the token for it."""
    binary = find("garage")
    if binary is None:
        pytest.skip("Garage is not built: run ./lab tools garage")
    admin = free_port()
    config = tmp_path / "garage.toml"
    config.write_text(
        garage_conf.render(
            cast(specs.Garage, plan.specs["garage"]),
            listen=LOOPBACK,
            public=LOOPBACK,
            port=free_port(),
            rpc_port=free_port(),
            admin_port=admin,
            metadata_dir=str(tmp_path / "meta"),
            data_dir=str(tmp_path / "data"),
        )
    )
    token = secrets.token_hex(16)
    keys: Mapping[str, str] = {
        "GARAGE_RPC_SECRET": secrets.token_hex(32),
        "GARAGE_ADMIN_TOKEN": token,
        "GARAGE_DEFAULT_ACCESS_KEY": f"GK{secrets.token_hex(12)}",
        "GARAGE_DEFAULT_SECRET_KEY": secrets.token_hex(32),
        "GARAGE_DEFAULT_BUCKET": "any",
    }
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    url = f"http://{LOOPBACK}:{admin}"
    command = [str(binary), "-c", str(config), "server", "--single-node", "--default-bucket"]
    server = Server("garage", command, admin, lambda: answers(f"{url}/health"), tmp_path / "garage.log", url=url)
    server.start()
    yield url, token
    server.stop()


def test_garage_tells_the_buffer_of_the_plan(plan: HostPlan, garage: tuple[str, str]) -> None:
    url, token = garage
    headers = {"Authorization": f"Bearer {token}"}
    metrics = httpx.get(f"{url}/metrics", headers=headers, timeout=PATIENCE).raise_for_status().text
    (free,) = [line.split()[-1] for line in metrics.splitlines() if line.startswith("block_ram_buffer_free_kb")]
    assert int(free) == cast(specs.Garage, plan.specs["garage"]).block_ram_buffer_max.value * 1024


def test_oxigraph_starts_with_the_options_of_the_plan(tmp_path: Path) -> None:
    options = recorded.plan("pi5-8g", ("oxigraph",)).specs["oxigraph"].settings()
    assert options == {"timeout-s": "30"}
    port = free_port()
    command = [servers.program("oxigraph"), "serve", "--location", str(tmp_path / "store")]
    command += ["--bind", f"{LOOPBACK}:{port}", *(f"--{name}={value}" for name, value in options.items())]
    url = f"http://{LOOPBACK}:{port}"
    server = Server("oxigraph", command, port, lambda: answers(f"{url}/query?query=ASK%7B%7D"), tmp_path / "log")
    server.start()
    server.stop()


@pytest.mark.parametrize("workers", [1, 2])
def test_litellm_runs_as_many_workers_as_the_plan_says(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = cast(specs.LiteLLM, recorded.plan("desktop-32g", ("litellm",)).specs["litellm"])
    environment = {**litellm_conf.environment(spec), "NUM_WORKERS": str(workers)}
    assert litellm_conf.environment(spec)["NUM_WORKERS"] == "1"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with litellm(tmp_path, Models()) as server:
        assert server.process is not None
        log = (tmp_path / "litellm.log").read_text()
        children = [
            c for c in psutil.Process(server.process.pid).children() if "spawn_main" in " ".join(c.cmdline())
        ]
        assert len(children) == (0 if workers == 1 else workers), log


def test_garage_has_every_bucket_after_the_step_and_a_second_one_creates_none(garage: tuple[str, str]) -> None:
    url, token = garage
    key = os.environ["GARAGE_DEFAULT_ACCESS_KEY"]
    assert buckets.make(url, token, key) == ["raw-documents", "processed", "models"]
    assert buckets.make(url, token, key) == []
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        buckets.make(url, "not the token", key)
