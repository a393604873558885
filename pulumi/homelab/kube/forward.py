"""A door on loopback to one service in the cluster, as long as a command needs it: `kubectl port-forward`."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from homelab import tools
from homelab.consumers import NAMESPACE
from homelab.errors import ClusterError, MissingTool, Problem
from homelab.lab.cluster import Cluster

AGAIN = 1.0
"""Seconds until a door that closed is opened anew: the pod behind it ended, and another one takes its place."""

_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


@contextmanager
def forwarded(cluster: Cluster, service: str, port: int) -> Iterator[str]:
    """The URL under which `service` answers, also by the pod that follows the first one.

    Raises MissingTool, or ClusterError in kubectl's words.
    """
    door = _Door([*kubectl(cluster), "port-forward", "--address=127.0.0.1", f"service/{service}"], port)
    if door.local is None:
        raise ClusterError(_refused(cluster, service, door.said))
    keeping = Thread(target=door.keep, daemon=True)
    keeping.start()
    try:
        yield f"http://127.0.0.1:{door.local}"
    finally:
        door.close()
        keeping.join()


class _Door:
    """One kubectl after another, all at the port `local` that the first was given; None if it `said` why not."""

    def __init__(self, command: Sequence[str], port: int) -> None:
        self._command = command
        self._port = port
        self._closed = Event()
        self.local: int | None = None
        self.said = ""
        self._process = self._opened()
        while self.local is None and (line := self._line()):
            self.said += line
            if (found := _FORWARDING.match(line)) is not None:
                self.local = int(found[1])
        if self.local is None:
            self._end()

    def keep(self) -> None:
        """Until `close`: reads what it says, since it stops when nobody does, and begins it anew when it ends."""
        while True:
            while self._line():
                pass
            self._end()
            if self._closed.wait(AGAIN):
                return
            self._process = self._opened()
            if self._closed.is_set():
                self._process.terminate()

    def close(self) -> None:
        self._closed.set()
        self._process.terminate()

    def _opened(self) -> "subprocess.Popen[str]":
        # A session of its own: after Ctrl-C a person still hears through this door what goes on.
        return subprocess.Popen(
            [*self._command, f"{self.local or ''}:{self._port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _line(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 - given by stdout=PIPE
        return self._process.stdout.readline()

    def _end(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - given by stdout=PIPE
        self._process.stdout.close()
        self._process.wait()


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


def _refused(cluster: Cluster, what: str, said: str) -> Problem:
    told = next((line for line in reversed(said.splitlines()) if line.strip()), "it ended at once").strip()
    fix = "./lab validate --stack phase2-pipeline shows what is wrong"
    return Problem(f"cluster {cluster.context} {what}", told, "", fix)
