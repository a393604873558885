"""The whole platform through its command line, on free ports and in a folder of its own."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml
from stand import free_ports

from homelab.lab import ROOT, Ports
from homelab.local.folders import Folders
from homelab.local.supervisord import State, connect

HOMELAB = Path(sys.executable).with_name("homelab")


@dataclass(frozen=True)
class Whole:
    """A lab file of its own; every command runs as a person's would."""

    file: Path
    ports: Ports

    @property
    def folders(self) -> Folders:
        return Folders(self.file.parent / ".lab")

    def command(self, *arguments: str | Path) -> list[str]:
        return [str(HOMELAB), "--lab", str(self.file), *map(str, arguments)]

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Standard output; an AssertionError with everything said when the exit code is another."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=280, env=environment(), check=False
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def states(self) -> dict[str, State]:
        with connect(self.folders) as supervisor:
            return supervisor.states()

    def stored(self) -> dict[str, tuple[int, int, int]]:
        """Document → chunks, vectors and triples."""
        password = (self.folders.secrets / "postgres").read_text().strip()
        conninfo = f"host=127.0.0.1 port={self.ports.postgres} dbname=lab user=lab"
        with psycopg.connect(conninfo, password=password) as database:
            rows = database.execute(
                "select document_id, count(*), count(embedding) from embeddings group by document_id"
            ).fetchall()
        triples = self.triples()
        return {document: (chunks, vectors, triples[document]) for document, chunks, vectors in rows}

    def triples(self) -> Counter[str]:
        query = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
        answer = httpx.get(
            f"http://127.0.0.1:{self.ports.oxigraph}/query",
            params={"query": query},
            headers={"Accept": "application/sparql-results+json"},
            timeout=30,
        ).raise_for_status()
        rows = answer.json()["results"]["bindings"]
        return Counter({row["g"]["value"].removeprefix("urn:lab:doc:"): int(row["n"]["value"]) for row in rows})


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("HOMELAB_", "LAB_"))}


def make(folder: Path) -> Whole:
    """A lab of this machine; nothing runs yet."""
    ports = free_ports()
    document = yaml.safe_load((ROOT / "lab.example.yaml").read_text())
    local = {"data_dir": ".lab", "ports": json.loads(ports.model_dump_json())}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "lab.yaml"
    file.write_text(yaml.safe_dump({**document, "local": local}))
    return Whole(file, ports)
