"""The platform in the sandbox: used by its command line as a person would, and looked at from the kernel."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sandboxes import kubectl

from homelab.consumers import NAMESPACE
from homelab.lab import Ports
from homelab.sandbox import cgroups
from homelab.sandbox.layout import Sandbox

HOMELAB = Path(sys.executable).with_name("homelab")

PATIENCE = 1800
"""Seconds for one command: the first build of all images takes eight minutes, on busy cores more."""

PHASES = ("phase1-core", "phase2-pipeline")
"""What the fixture `platform` deploys."""

STORES = ("nats", "garage", "supabase-postgres", "oxigraph")
"""Each has a volume."""


@dataclass(frozen=True)
class Platform:
    """The phases on one node's cluster; `keys` is where the secrets' age keys are, apart from the person's own.

    `first` are the reports of the first validation, by stack.
    """

    sandbox: Sandbox
    keys: Path
    first: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @property
    def environ(self) -> dict[str, str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("HOMELAB", "LAB_", "SOPS_", "PULUMI_"))}
        return kept | {
            "HOMELAB_FILE": str(self.sandbox.lab),
            "HOMELAB": "1",
            "DEPLOY_CONFIRM": "yes",
            "KUBECONFIG": str(self.sandbox.kubeconfig),
            "SOPS_AGE_KEY_FILE": str(self.keys),
        }

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """Standard output; an AssertionError with everything said when the exit code is another."""
        command = [str(HOMELAB), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, env=self.environ, check=False
        )
        assert done.returncode == code, f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def up(self, stack: str) -> Mapping[str, Any]:
        """What was changed, by verb."""
        summary: Mapping[str, Any] = self.json("stack", "up", "--stack", stack)
        return summary

    def down(self, stack: str) -> Mapping[str, Any]:
        summary: Mapping[str, Any] = self.json("stack", "down", "--stack", stack)
        return summary

    def validate(self, stack: str) -> Mapping[str, Any]:
        report: Mapping[str, Any] = self.json("validate", "--stack", stack)
        return report

    def kubectl(self, *arguments: str) -> str:
        return kubectl(self.sandbox, "--namespace", NAMESPACE, *arguments)

    def objects(self, kind: str) -> dict[str, Any]:
        items = json.loads(self.kubectl("get", kind, "--output=json"))["items"]
        return {one["metadata"]["name"]: one for one in items}

    def pods(self, app: str) -> list[Any]:
        """Those that run and are not on their way out."""
        return [
            pod
            for pod in self.objects("pods").values()
            if pod["metadata"]["labels"].get("app.kubernetes.io/name") == app
            and pod["status"]["phase"] == "Running"
            and "deletionTimestamp" not in pod["metadata"]
        ]

    def status(self) -> Any:
        """Of the streams and stores, by the API, whose service answers this machine too."""
        address = self.objects("services")["api"]["spec"]["clusterIP"]
        url = f"http://{address}:{Ports().api}/v1/status"
        return httpx.get(url, headers={"host": "api"}, timeout=30, trust_env=False).raise_for_status().json()

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = self.status()["counts"]
        return found

    def at_work(self, stage: str) -> bool:
        """Whether a worker of the stage holds a message that it has not acknowledged."""
        consumers = [one for stream in self.status()["streams"] for one in stream["consumers"]]
        [mine] = [one for one in consumers if one["name"] == stage]
        return bool(mine["unacknowledged"])

    def stored(self) -> dict[str, tuple[int, int, int]]:
        """Document → rows of chunks, how many different chunks they are, and triples."""
        secret = self.run("secrets", "decrypt", "supabase.password").strip()
        address = self.objects("services")["supabase-postgres"]["spec"]["clusterIP"]
        conninfo = f"host={address} dbname=lab user=lab"
        with psycopg.connect(conninfo, password=secret, connect_timeout=10) as database:
            rows = database.execute(
                "select document_id, count(*), count(distinct chunk_index) from embeddings group by document_id"
            ).fetchall()
        graphs = self.json("sparql", "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
        triples = {row["g"].removeprefix("urn:lab:doc:"): int(row["n"]) for row in graphs}
        return {document: (chunks, different, triples[document]) for document, chunks, different in rows}

    def volumes(self) -> dict[str, str]:
        """Claim → the volume that it is bound to."""
        return {name: one["spec"]["volumeName"] for name, one in self.objects("persistentvolumeclaims").items()}


@contextmanager
def ingesting(platform: Platform, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """`homelab ingest FOLDER --json` at work; it is not waited for, and does not outlive the block."""
    command = [str(HOMELAB), "ingest", str(folder), "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=platform.environ
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def report_of(process: "subprocess.Popen[str]") -> Any:
    """What the ingest says at its end, which must be a success."""
    said, complained = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, f"exit code {process.returncode}\n{said}\n{complained}"
    return json.loads(said)


def container_groups(pod: Mapping[str, Any]) -> Iterator[Path]:
    """The cgroups of its running containers, in every hierarchy."""
    for status in pod["status"]["containerStatuses"]:
        identity = status["containerID"].removeprefix("containerd://")
        for mount in cgroups.hierarchies():
            # unlike rglob, walk passes over the group of another pod that goes meanwhile
            for folder, groups, _ in os.walk(mount / cgroups.ROOT / pod["spec"]["nodeName"]):
                if identity in groups:
                    yield Path(folder) / identity


def kill(pod: Mapping[str, Any]) -> None:
    """`kill -9` of all that runs in its containers."""
    found = {int(pid) for group in container_groups(pod) for pid in (group / "cgroup.procs").read_text().split()}
    assert found
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def memory_limits(pod: Mapping[str, Any]) -> list[int]:
    """What the kernel holds each of its containers to, in bytes."""
    files = [group / name for group in container_groups(pod) for name in ("memory.limit_in_bytes", "memory.max")]
    return [int(file.read_text()) for file in files if file.exists()]
