"""Where images go: a registry, and the containerd of a k3s."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from registry_stand_in import registry

from homelab.images import build, load, store
from homelab.images.store import Store
from servers import free_port, until

pytestmark = pytest.mark.timeout(1800)  # an image is built where it is not

LAB = """\
version: 1
hosts: {{desktop: {{address: local}}}}
cluster: {{context: test, registry: "{registry}"}}
"""
INSECURE = """
[[registry]]
location = "{registry}"
insecure = true
"""
K3S = """#!/bin/sh
# A stand-in: k3s' own ctr, on a containerd of this test.
shift
exec ctr --address {socket} --namespace k8s.io "$@"
"""


@pytest.fixture(scope="module")
def nats() -> str:
    """The smallest image, built."""
    if os.geteuid():
        pytest.skip("this machine lets us be no root, which mmdebstrap and containerd need")
    for program in ("buildah", "mmdebstrap", "containerd"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: apt install {program}")
    ours: Store = store.ours()
    with build.at_work(ours):
        return build.build("nats", load(), ours).reference


def images(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("homelab")), "images", *arguments]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_push_leaves_every_layer_under_the_tag_in_the_registry_of_the_lab(nats: str, tmp_path: Path) -> None:
    with registry() as server:
        where = f"127.0.0.1:{server.server_port}"
        (tmp_path / "lab.yaml").write_text(LAB.format(registry=f"{where}/lab"))
        (tmp_path / "registries.conf").write_text(INSECURE.format(registry=where))
        env = {
            "HOMELAB_FILE": str(tmp_path / "lab.yaml"),
            "CONTAINERS_REGISTRIES_CONF": str(tmp_path / "registries.conf"),
        }
        ended = images("nats", "--push", "--json", env=env)
        assert ended.returncode == 0, ended.stderr
        [row] = json.loads(ended.stdout)["images"]
        tag = nats.rpartition(":")[2]
        assert row["reference"] == f"{where}/lab/homelab/nats:{tag}"
        manifest = json.loads(server.manifests[f"lab/homelab/nats:{tag}"])
        digests = [part["digest"] for part in (manifest["config"], *manifest["layers"])]
        held = {digest: hashlib.sha256(server.blobs[digest]).hexdigest() for digest in digests}
        assert held == {digest: digest.removeprefix("sha256:") for digest in digests}


def test_a_registry_that_is_away_is_told_in_one_line(nats: str, tmp_path: Path) -> None:
    where = f"127.0.0.1:{free_port()}"
    (tmp_path / "lab.yaml").write_text(LAB.format(registry=where))
    ended = images("nats", "--push", env={"HOMELAB_FILE": str(tmp_path / "lab.yaml")})
    assert ended.returncode == 1
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"images: Pushing {where}/homelab/nats:{nats.rpartition(':')[2]} · ")
    assert "connection refused" in last


@pytest.fixture
def containerd(tmp_path: Path) -> Iterator[Path]:
    """Its socket; its store and state are the test's own."""
    socket, config = tmp_path / "c.sock", tmp_path / "config.toml"
    config.write_text(f"""version = 2
root = "{tmp_path}/root"
state = "{tmp_path}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{socket}"
""")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(["containerd", "--config", str(config)], stdout=log, stderr=log)
    try:
        command = ["ctr", "--address", str(socket), "version"]
        until(
            lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, "containerd answers"
        )
        yield socket
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_import_puts_the_image_into_k3s_under_the_name_that_its_pods_ask_for(
    nats: str, containerd: Path, tmp_path: Path
) -> None:
    (tmp_path / "lab.yaml").write_text(LAB.format(registry="registry.lan"))
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin/k3s"
    script.write_text(K3S.format(socket=containerd))
    script.chmod(0o755)
    env = {"HOMELAB_FILE": str(tmp_path / "lab.yaml"), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    ended = images("nats", "--import", env=env)
    assert ended.returncode == 0, ended.stderr
    command = ["ctr", "--address", str(containerd), "--namespace", "k8s.io", "images", "list", "--quiet"]
    held = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert nats in held
