"""The API as its own process over real servers, for tests that ask it over real HTTP."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from library import embedding_server, read, shelve
from pydantic import SecretStr

from pipeline.settings import Settings
from servers import PASSWORD, Server, free_port, nats, oxigraph, postgres, until

SAMPLES = Path(__file__).parents[2] / "samples"
QUESTION = "How long does the UPS carry the NAS alone?"


@dataclass(frozen=True)
class Platform:
    settings: Settings
    nats: Server
    postgres: Server
    oxigraph: Server


def environment(settings: Settings) -> dict[str, str]:
    """What a process needs to load the same settings."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    shown = {name: v.get_secret_value() if isinstance(v, SecretStr) else str(v) for name, v in values.items()}
    return os.environ | {f"LAB_{name.upper()}": value for name, value in shown.items()}


@contextmanager
def serving(settings: Settings, log: Path) -> Iterator[httpx.Client]:
    """`python -m pipeline.api`; yields once it answers, ready or not."""
    command = [sys.executable, "-m", "pipeline.api"]
    with log.open("ab") as out:
        process = subprocess.Popen(command, env=environment(settings), stdout=out, stderr=out)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{settings.api_port}", timeout=30) as client:

            def up() -> bool:
                assert process.poll() is None, log.read_text()
                try:
                    return client.get("/health").json() == {"status": "ok"}
                except httpx.TransportError:
                    return False

            until(up, f"the API; see {log}")
            yield client
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15), log.read_text()


@contextmanager
def platform(folder: Path) -> Iterator[Platform]:
    """Servers with two samples stored; no worker takes up what is uploaded."""
    with (
        nats(folder) as bus,
        postgres(folder) as rows,
        oxigraph(folder) as graph,
        embedding_server(folder) as model,
    ):
        settings = Settings(
            nats_url=bus.url,
            postgres_port=rows.port,
            postgres_password=SecretStr(PASSWORD),
            oxigraph_url=graph.url,
            litellm_url=model,
            embed_model="all-MiniLM-L6-v2",
            objects=(folder / "objects").as_uri(),
            stream_scale=0.01,
            max_document_mib=1,
            api_port=free_port(),
        )
        subprocess.run([sys.executable, "-m", "pipeline.bootstrap"], env=environment(settings), check=True)
        shelve(settings, read([SAMPLES / "power.md", SAMPLES / "network.html"]))
        yield Platform(settings, bus, rows, graph)


def is_problem(response: httpx.Response, status: int, said: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert said in problem["detail"], problem
