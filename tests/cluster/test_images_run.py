"""Our images, built and run as Kubernetes runs them: not as root, nothing writable but their volumes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from container import container

from homelab.images import build, content, load, store
from homelab.images.store import Store
from homelab.lab import BUILTIN_MODEL
from servers import answers, free_port, until

pytestmark = pytest.mark.timeout(1800)  # an image is built where it is not

UID = 10001
PASSWORD = "a password of tests only"
MODELS = {"model_list": [{"model_name": "embed", "litellm_params": {"model": "openai/x", "api_key": "none"}}]}


@pytest.fixture(scope="module")
def ours() -> Store:
    if os.geteuid():
        pytest.skip("this machine lets us be no root, which mmdebstrap and runc need")
    for program, package in (("buildah", "buildah"), ("mmdebstrap", "mmdebstrap"), ("runc", "runc")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install {package}")
    return store.ours()


def built(name: str, ours: Store) -> str:
    reference = content.reference(name, load())
    if ours.find(reference) is None:
        with build.at_work(ours):
            build.build(name, load(), ours)
    return reference


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A volume as Kubernetes hands it out: the pod may write it."""
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, UID, UID)
    return folder


def running(ours: Store, name: str, folder: Path, ready: Callable[[], bool], **settings: object) -> Iterator[None]:
    """Once `ready` holds; its output is what a failure shows."""
    with container(ours, built(name, ours), folder, **settings) as process:  # type: ignore[arg-type]

        def up() -> bool:
            ended = process.poll()
            assert ended is None, f"{name} ended with {ended}: {(folder / 'output').read_text()[-3000:]}"
            return ready()

        until(up, f"{name} is ready: {(folder / 'output').read_text()[-3000:]}", patience=120)
        yield


started = contextmanager(running)


def test_nats_keeps_messages_on_its_volume(ours: Store, tmp_path: Path, data: Path) -> None:
    port, monitor = free_port(), free_port()
    config = tmp_path / "nats.conf"
    config.write_text(
        f"listen: '127.0.0.1:{port}'\nhttp: '127.0.0.1:{monitor}'\njetstream {{ store_dir: /data }}\n"
    )
    settings = {"volumes": {"/data": data}, "configs": {"/etc/nats/nats.conf": config}}
    url = f"http://127.0.0.1:{monitor}/healthz?js-enabled-only=true"
    with started(ours, "nats", tmp_path, lambda: answers(url), **settings):
        assert (data / "jetstream").is_dir()


def test_oxigraph_answers_a_query(ours: Store, tmp_path: Path, data: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/query?query=ASK%7B%7D"
    args = ["serve", "--location", "/data", "--bind", f"127.0.0.1:{port}"]
    with started(ours, "oxigraph", tmp_path, lambda: answers(url), args=args, volumes={"/data": data}):
        assert httpx.get(url).json() == {"head": {}, "boolean": True}


def test_garage_makes_its_own_layout(ours: Store, tmp_path: Path, data: Path) -> None:
    ports = {name: free_port() for name in ("rpc", "s3", "admin")}
    config = tmp_path / "garage.toml"
    config.write_text(
        f"""metadata_dir = "/data/meta"
data_dir = "/data/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{ports["rpc"]}"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:{ports["s3"]}"
[admin]
api_bind_addr = "127.0.0.1:{ports["admin"]}"
"""
    )
    env = {
        "GARAGE_RPC_SECRET": "5c" * 32,
        "GARAGE_DEFAULT_ACCESS_KEY": "GK" + "ab" * 12,
        "GARAGE_DEFAULT_SECRET_KEY": "cd" * 32,
        "GARAGE_DEFAULT_BUCKET": "raw-documents",
    }
    args = ["-c", "/etc/garage/garage.toml", "server", "--single-node", "--default-bucket"]
    url = f"http://127.0.0.1:{ports['admin']}/health"
    settings = {"args": args, "env": env, "volumes": {"/data": data}}
    with started(
        ours, "garage", tmp_path, lambda: answers(url), configs={"/etc/garage/garage.toml": config}, **settings
    ):
        assert httpx.get(f"http://127.0.0.1:{ports['s3']}/").status_code == 403


def test_postgres_makes_its_cluster_once_and_keeps_it(ours: Store, tmp_path: Path, data: Path) -> None:
    port = free_port()
    config, secret = tmp_path / "postgresql.conf", tmp_path / "password"
    config.write_text(f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n")
    secret.write_text(PASSWORD + "\n")
    target = f"host=127.0.0.1 port={port} dbname=lab user=lab connect_timeout=2"

    def login() -> bool:
        try:
            psycopg.connect(target, password=PASSWORD).close()
        except psycopg.OperationalError:
            return False
        return True

    settings = {
        "env": {"POSTGRES_PASSWORD_FILE": "/run/secret", "PGDATA": "/data/18"},
        "volumes": {"/data": data},
        "configs": {"/etc/postgresql/postgresql.conf": config, "/run/secret": secret},
    }
    with (
        started(ours, "postgres", tmp_path, login, **settings),
        psycopg.connect(target, password=PASSWORD, autocommit=True) as connection,
    ):
        assert connection.execute("SELECT '[3,4]'::vector <-> '[0,0]'").fetchone() == (5.0,)
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    with (
        started(ours, "postgres", tmp_path, login, **settings),
        psycopg.connect(target, password=PASSWORD) as connection,
    ):
        assert connection.execute("SELECT number FROM kept").fetchone() == (1,)
    assert PASSWORD not in (tmp_path / "output").read_text()


def test_postgres_without_a_password_says_which_variable_it_wants(ours: Store, tmp_path: Path, data: Path) -> None:
    reference = built("postgres", ours)
    with container(ours, reference, tmp_path, env={"PGDATA": "/data/18"}, volumes={"/data": data}) as process:
        assert process.wait(timeout=60) == 1
    said = (tmp_path / "output").read_text().strip()
    assert said == "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set"


def test_litellm_is_alive_and_refuses_strangers(ours: Store, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "litellm.yaml"
    auth = {"master_key": "os.environ/LITELLM_MASTER_KEY", "custom_auth": "homelab_litellm.keys.check"}
    config.write_text(json.dumps({**MODELS, "general_settings": auth}))
    args = ["--config", "/etc/litellm/litellm.yaml", "--host", "127.0.0.1", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    settings = {
        "env": {"LITELLM_MASTER_KEY": "sk-of-tests-only"},
        "configs": {"/etc/litellm/litellm.yaml": config},
        "args": args,
    }
    with started(ours, "litellm", tmp_path, lambda: answers(f"{url}/health/liveliness"), **settings):
        assert httpx.get(f"{url}/v1/models").status_code == 401
        allowed = httpx.get(f"{url}/v1/models", headers={"Authorization": "Bearer sk-of-tests-only"})
        assert [model["id"] for model in allowed.json()["data"]] == ["embed"]


def test_the_embedder_embeds(ours: Store, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    args = ["--host", "127.0.0.1", "--port", str(port), "--threads", "1"]
    with started(ours, "embedder", tmp_path, lambda: answers(f"{url}/health"), args=args):
        said = httpx.post(
            f"{url}/v1/embeddings", json={"input": "heat pump", "model": BUILTIN_MODEL}, timeout=30
        ).json()
        assert len(said["data"][0]["embedding"]) == 384


@pytest.mark.parametrize(
    "module", ["pipeline.api", "pipeline.worker", "pipeline.bootstrap", "pipeline.stages.extract"]
)
def test_the_pipeline_has_all_that_it_imports(ours: Store, tmp_path: Path, module: str) -> None:
    with container(ours, built("pipeline", ours), tmp_path, args=["-c", f"import {module}"]) as process:
        ended = process.wait(timeout=120)
    assert ended == 0, (tmp_path / "output").read_text()


def test_a_second_build_of_the_same_files_builds_nothing(ours: Store) -> None:
    first = built("nats", ours)
    with build.at_work(ours):
        again = build.build("nats", load(), ours)
    assert (again.reference, again.seconds) == (first, None)


def test_the_command_tells_what_it_has(ours: Store) -> None:
    built("nats", ours)
    command = [str(Path(sys.executable).with_name("homelab")), "images", "nats", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    [row] = json.loads(ended.stdout)["images"]
    assert (row["name"], row["built"]) == ("nats", False)
    assert 10**7 < row["bytes"] < 3 * 10**7  # the server alone: 18.9 MB


def test_context_forge_answers_with_a_database_of_its_own(ours: Store, tmp_path: Path, data: Path) -> None:
    port = free_port()
    secrets = {name: os.urandom(24).hex() for name in ("JWT_SECRET_KEY", "AUTH_ENCRYPTION_SECRET")}
    env = {
        **secrets,
        **{
            name: os.urandom(24).hex()
            for name in ("PLATFORM_ADMIN_PASSWORD", "DEFAULT_USER_PASSWORD", "BASIC_AUTH_PASSWORD")
        },
        "PLATFORM_ADMIN_EMAIL": "admin@lab.example",
        "DATABASE_URL": "sqlite:////data/forge.db",
        "CACHE_TYPE": "memory",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    url = f"http://127.0.0.1:{port}/health"
    with started(ours, "context-forge", tmp_path, lambda: answers(url), env=env, volumes={"/data": data}):
        assert httpx.get(url).json()["status"] == "healthy"


def test_the_collector_takes_traces(ours: Store, tmp_path: Path) -> None:
    port, health = free_port(), free_port()
    config = tmp_path / "otelcol.yaml"
    config.write_text(
        json.dumps(
            {
                "extensions": {"health_check": {"endpoint": f"127.0.0.1:{health}"}},
                "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
                "exporters": {"debug": {}},
                "service": {
                    "extensions": ["health_check"],
                    "telemetry": {"metrics": {"level": "none"}},
                    "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}},
                },
            }
        )
    )
    settings = {"configs": {"/etc/otelcol/otelcol.yaml": config}}
    with started(ours, "collector", tmp_path, lambda: answers(f"http://127.0.0.1:{health}"), **settings):
        said = httpx.post(f"http://127.0.0.1:{port}/v1/traces", json={"resourceSpans": []})
        assert said.status_code == 200


def test_promptfoo_evaluates_without_a_network(ours: Store, tmp_path: Path, data: Path) -> None:
    config = tmp_path / "promptfooconfig.yaml"
    asked = {"vars": {"word": "pump"}, "assert": [{"type": "equals", "value": "heat pump"}]}
    config.write_text(json.dumps({"prompts": ["heat {{word}}"], "providers": ["echo"], "tests": [asked]}))
    args = [
        "eval",
        "--config",
        "/etc/promptfoo/promptfooconfig.yaml",
        "--no-cache",
        "--output",
        "/data/results.json",
    ]
    configs = {"/etc/promptfoo/promptfooconfig.yaml": config}
    reference = built("promptfoo", ours)
    with container(ours, reference, tmp_path, args=args, volumes={"/data": data}, configs=configs) as process:
        assert process.wait(timeout=120) == 0, (tmp_path / "output").read_text()[-3000:]
    stats = json.loads((data / "results.json").read_text())["results"]["stats"]
    assert (stats["successes"], stats["failures"]) == (1, 0)


def test_an_earlier_content_of_an_image_is_forgotten_and_nothing_else(ours: Store) -> None:
    names = [f"localhost/homelab-tests/{name}" for name in ("one:1", "one:2", "oneself:1")]
    empty = ours.ask("from", "scratch")
    for name in names:
        ours.ask("config", "--label", f"name={name}", empty)
        ours.ask("commit", "--quiet", empty, name)
    ours.ask("rm", empty)
    ours.forget("localhost/homelab-tests/one:", but="localhost/homelab-tests/one:2")
    assert [name for name in names if ours.find(name)] == names[1:]
    ours.ask("rmi", *names[1:])
