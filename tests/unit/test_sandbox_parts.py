"""The parts of the sandbox that need no cluster: addresses, certificates, an image, facts of a part."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from homelab.facts import Facts
from homelab.images import load as catalogue
from homelab.lab import load as load_lab
from homelab.sandbox import archive, kubeconfig, network, pki, program
from homelab.sandbox import facts as sandbox_facts
from homelab.sandbox.layout import existing, of
from homelab.sandbox.pki import Pair
from homelab.sandbox.program import Program

HOSTS = Path(__file__).parents[1] / "fixtures/hosts"


def recorded() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((HOSTS / "desktop-32g.json").read_text())
    return facts


def test_one_node_is_named_sandbox_and_three_are_numbered(tmp_path: Path) -> None:
    assert [node.name for node in of(1, tmp_path).nodes] == ["sandbox"]
    three = of(3, tmp_path)
    assert [(node.name, str(node.address), str(node.pods)) for node in three.nodes] == [
        ("sandbox-1", "10.99.0.11", "10.99.16.0/24"),
        ("sandbox-2", "10.99.0.12", "10.99.17.0/24"),
        ("sandbox-3", "10.99.0.13", "10.99.18.0/24"),
    ]


def test_what_lies_in_the_folder_says_how_many_nodes_there_are(tmp_path: Path) -> None:
    assert existing(tmp_path) is None
    for one in of(3, tmp_path).machines:
        one.folder.mkdir(parents=True)
    assert existing(tmp_path) == of(3, tmp_path)


@pytest.mark.parametrize(
    ("routes", "named"),
    [
        ([{"dst": "default", "dev": "eth0"}, {"dst": "192.168.1.0/24", "dev": "eth0"}], []),
        ([{"dst": "10.99.0.0/24", "dev": "lab-sandbox"}], []),
        ([{"dst": "10.99.7.0/24", "dev": "tun0"}], ["10.99.7.0/24 dev tun0"]),
        ([{"dst": "10.0.0.0/8", "dev": "wg0"}], ["10.0.0.0/8 dev wg0"]),
        ([{"dst": "10.99.3.4", "dev": "eth1"}], ["10.99.3.4 dev eth1"]),
        ([{"dst": "10.98.0.0/16", "dev": "eth1"}], []),
    ],
)
def test_a_route_of_somebody_else_into_the_network_is_a_clash(
    routes: list[dict[str, str]], named: list[str]
) -> None:
    assert network.strangers(routes) == named


def test_a_certificate_names_its_user_its_groups_and_its_hosts(tmp_path: Path) -> None:
    ca = pki.authority(tmp_path, "ca")
    pair = pki.issue(ca, Pair.at(tmp_path, "kubelet"), "system:node:n", ["system:nodes"], ["n", "10.99.0.11"])
    made = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(ca.certificate.read_bytes()))
    assert made.subject.rfc4514_string() == "CN=system:node:n,O=system:nodes"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["n"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.99.0.11"]
    assert pair.key.stat().st_mode & 0o777 == 0o600


def test_certificates_are_made_once(tmp_path: Path) -> None:
    ca = pki.authority(tmp_path, "ca")
    before = pki.issue(ca, Pair.at(tmp_path, "user"), "user").certificate.read_bytes()
    assert (
        pki.issue(pki.authority(tmp_path, "ca"), Pair.at(tmp_path, "user"), "user").certificate.read_bytes()
        == before
    )


def test_a_kubeconfig_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig.for_user(path, pki.authority(tmp_path, "ca"), tmp_path, "admin")
    assert path.stat().st_mode & 0o777 == 0o600
    written = yaml.safe_load(path.read_text())
    assert written["current-context"] == "sandbox"
    assert written["clusters"][0]["cluster"]["server"] == "https://10.99.0.2:6443"


def test_an_image_of_the_same_programs_is_the_same_bytes(tmp_path: Path) -> None:
    program_file = tmp_path / "pause"
    program_file.write_bytes(b"\x7fELF")
    for name in ("one.tar", "two.tar"):
        archive.write(tmp_path / name, "localhost/x:1", {"/pause": program_file}, machine="aarch64")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as tar:
        [manifest] = json.loads(tar.extractfile("manifest.json").read())  # type: ignore[union-attr]
        config = json.loads(tar.extractfile(manifest["Config"]).read())  # type: ignore[union-attr]
        with tarfile.open(fileobj=tar.extractfile("layer.tar")) as layer:
            assert [(one.name, one.mode) for one in layer] == [("pause", 0o755)]
    assert manifest["RepoTags"] == ["localhost/x:1"]
    assert (config["architecture"], config["config"]["Entrypoint"]) == ("arm64", ["/pause"])


def test_a_third_of_a_machine_is_measured_as_a_third_and_says_so() -> None:
    whole = recorded()
    part = sandbox_facts.part(whole, "sandbox-2", 3, 10000)
    facts = Facts.model_validate_json(json.dumps(part))
    assert facts.host == "sandbox-2"
    assert facts.homelab.total_ram_mb == 10000
    assert facts.homelab.available_ram_mb <= 10000
    assert facts.homelab.cpu_cores == whole["homelab"]["cpu_cores"] // 3
    free = [mount["free_bytes"] // 3 for mount in whole["storage_performance"]["mounts"]]
    assert [mount.free_bytes for mount in facts.storage.mounts] == free
    assert "one of 3 nodes on one machine" in facts.warnings[-1].message


def test_a_third_of_a_machine_has_a_third_of_what_the_sandbox_holds() -> None:
    whole = recorded()
    [root, *_] = whole["storage_performance"]["mounts"]
    root |= {"size_bytes": 300, "free_bytes": 180, "platform_bytes": 60, "image_bytes": 0, "model_bytes": 30}
    [mount, *_] = sandbox_facts.part(whole, "sandbox-2", 3, 8000)["storage_performance"]["mounts"]
    assert [mount[key] for key in ("free_bytes", "platform_bytes", "model_bytes")] == [60, 20, 10]
    assert mount["size_bytes"] == 90


def test_supervisord_gets_a_command_as_it_is_meant() -> None:
    text = program.conf([Program("one", ("/bin/echo", "a b", "50%"))])
    assert "command=/bin/echo 'a b' 50%%" in text
    assert "autorestart=true" in text


def test_one_node_is_given_everything_that_has_an_image_of_ours(tmp_path: Path) -> None:
    sandbox_facts.write_lab(of(1, tmp_path))
    [host] = load_lab(tmp_path / "lab.yaml").hosts.values()
    ours = {consumer for image in catalogue().ours.values() for consumer in image.consumers}
    assert set(host.placed) == ours
    assert "openobserve" not in host.placed
