"""A real Kubernetes API without nodes: etcd, API server and the controllers that deletions need, or more.

`with control_plane(folder) as cluster:` starts them on free loopback ports with certificates of their own, within
seconds. Objects are stored, checked, defaulted and garbage-collected; nothing runs them.
"""

import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from homelab import tools
from homelab.sandbox import kubeconfig
from homelab.sandbox.pki import Pair, authority, issue, signing_key
from servers import answers, free_port, until

CONTROLLERS = ("garbage-collector-controller", "namespace-controller")
TOOLS = "etcd kubernetes pulumi"
"""Pinned tools that these tests want; `./lab tools` builds them."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """`kubeconfig` is its administrator's; its one context is `context`."""

    kubeconfig: Path
    url: str
    client: httpx.Client

    context = kubeconfig.CONTEXT

    def get(self, path: str) -> dict[str, object] | None:
        """The object or list at `path`, such as `/api/v1/namespaces/lab/configmaps`; None where there is none."""
        answer = self.client.get(path)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        found: dict[str, object] = answer.json()
        return found

    def make(self, path: str, body: object) -> None:
        self.client.post(path, json=body).raise_for_status()


@contextmanager
def control_plane(folder: Path, *more: str) -> Iterator[ControlPlane]:
    """`more` are controllers beside those two: each costs every test of its cluster a little."""
    etcd, api, manager = program("etcd"), program("kube-apiserver"), program("kube-controller-manager")
    pki = folder / "pki"
    ca = authority(pki, "ca")
    serving = issue(ca, Pair.at(pki, "api"), "kube-apiserver", hosts=("127.0.0.1",))
    admin = issue(ca, Pair.at(pki, "admin"), "admin", groups=("system:masters",))
    tokens = signing_key(pki, "tokens")
    store, peers, port, metrics = (free_port() for _ in range(4))
    url = f"https://127.0.0.1:{port}"
    config = folder / "kubeconfig"
    kubeconfig.write(config, ca, admin, url)
    context = ssl.create_default_context(cafile=str(ca.certificate))
    context.load_cert_chain(admin.certificate, admin.key)
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(base_url=url, verify=context, trust_env=False, timeout=30))
        stack.enter_context(
            running(
                folder,
                str(etcd),
                f"--data-dir={folder / 'etcd'}",
                f"--listen-client-urls=http://127.0.0.1:{store}",
                f"--advertise-client-urls=http://127.0.0.1:{store}",
                f"--listen-peer-urls=http://127.0.0.1:{peers}",
                "--unsafe-no-fsync",
            )
        )
        until(lambda: answers(f"http://127.0.0.1:{store}/readyz"), f"etcd ready; see {folder / 'etcd.log'}")
        stack.enter_context(
            running(
                folder,
                str(api),
                f"--etcd-servers=http://127.0.0.1:{store}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                f"--secure-port={port}",
                f"--tls-cert-file={serving.certificate}",
                f"--tls-private-key-file={serving.key}",
                f"--client-ca-file={ca.certificate}",
                f"--service-account-key-file={tokens}",
                f"--service-account-signing-key-file={tokens}",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--authorization-mode=RBAC",
                "--allow-privileged",
            )
        )
        until(lambda: _ready(client), f"API server ready; see {folder / 'kube-apiserver.log'}")
        stack.enter_context(
            running(
                folder,
                str(manager),
                f"--kubeconfig={config}",
                f"--controllers={','.join((*CONTROLLERS, *more))}",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                f"--secure-port={metrics}",
                "--authentication-skip-lookup",
            )
        )
        yield ControlPlane(config, url, client)


def program(name: str, wanted: str = TOOLS) -> Path:
    """A pinned program; the test is skipped where `./lab tools` has not built what is `wanted`."""
    found = tools.find(name)
    if found is None:
        pytest.skip(f"{name} is not built: ./lab tools {wanted}")
    return found


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def running(folder: Path, *command: str, **environment: str) -> Iterator[None]:
    """The program until the block ends; what it says is in NAME.log of the folder."""
    name = Path(command[0]).name
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **environment},
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)
