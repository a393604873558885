"""A door on loopback to one service in the cluster, as long as a command needs it: `kubectl port-forward`."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from typing import IO

from homelab import tools
from homelab.consumers import NAMESPACE
from homelab.errors import ClusterError, MissingTool, Problem
from homelab.lab.cluster import Cluster

_FORWARDING = re.compile(r"Forwarding from (127\.0\.0\.1:\d+)")


@contextmanager
def forwarded(cluster: Cluster, service: str, port: int) -> Iterator[str]:
    """The URL under which `service` answers. Raises MissingTool, or ClusterError in kubectl's words."""
    command = [*kubectl(cluster), "port-forward", "--address=127.0.0.1", f"service/{service}", f":{port}"]
    # A session of its own: Ctrl-C ends what a person waits for, which says good-bye through this door.
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None  # noqa: S101 - given by stdout=PIPE
        try:
            first = process.stdout.readline()
            where = _FORWARDING.match(first)
            if where is None:
                raise ClusterError(_refused(cluster, service, first + process.stdout.read()))
            Thread(target=_drained, args=(process.stdout,), daemon=True).start()
            yield f"http://{where[1]}"
        finally:
            process.terminate()


def kubectl(cluster: Cluster) -> list[str]:
    """The words before any of its verbs. Raises MissingTool."""
    program = tools.find("kubectl") or shutil.which("kubectl")
    if program is None:
        rule, fix = "the cluster is reached by it", "put it on PATH, or ./lab tools kubernetes"
        raise MissingTool(Problem("kubectl", "not found", rule, fix))
    file = () if cluster.kubeconfig is None else (f"--kubeconfig={cluster.kubeconfig}",)
    return [str(program), *file, f"--context={cluster.context}", f"--namespace={NAMESPACE}"]


def answer(cluster: Cluster, words: Sequence[str]) -> str:
    """What kubectl prints. Raises MissingTool, or ClusterError in its words."""
    done = subprocess.run([*kubectl(cluster), *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(_refused(cluster, words[0], done.stderr))
    return done.stdout


def _drained(said: IO[str]) -> None:
    """It tells of every connection, and would stop once nobody reads."""
    for _ in said:
        pass


def _refused(cluster: Cluster, what: str, said: str) -> Problem:
    told = next((line for line in reversed(said.splitlines()) if line.strip()), "it ended at once").strip()
    fix = "./lab validate --stack phase2-pipeline shows what is wrong"
    return Problem(f"cluster {cluster.context} {what}", told, "", fix)
