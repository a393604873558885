"""`homelab audit` as people call it, and what it makes of hosts that do not answer."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from collector import HOSTS

from homelab.audit.failures import explain
from homelab.audit.inventory import groups_of, variables_of
from homelab.audit.run import reached
from homelab.cli.audit import show
from homelab.cli.output import console
from homelab.facts import Facts
from homelab.lab import Host, load

NAS = Host(address="nas.lan", user="ann", port=2222)


def audit(lab_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [
        sys.executable,
        "-c",
        "from homelab.cli import main; main()",
        "audit",
        "--lab",
        str(lab_file),
        *arguments,
    ]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def lab_file(tmp_path: Path) -> Path:
    """This machine, and one that nobody is at: a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "lab.yaml"
    path.write_text(
        f"version: 1\nhosts:\n  here:\n    address: local\n  nas:\n    address: 127.0.0.1\n    port: {port}\n"
    )
    return path


def test_a_host_that_does_not_answer_is_one_line_and_the_others_are_measured(lab_file: Path) -> None:
    ended = audit(lab_file)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("host nas · ")
    # Without an ssh client the connection is not even tried.
    assert line.endswith("mend hosts.nas.port in lab.yaml") is (shutil.which("ssh") is not None)
    assert "here" in ended.stdout
    assert (lab_file.parent / "facts/here.json").exists()


def test_what_could_not_be_measured_is_told_with_what_is_assumed_instead_where_something_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([Facts.model_validate_json((HOSTS / "vm-h200-128g.json").read_text("utf-8"))], console())
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "vm-h200-128g: neither /etc/machine-id nor a serial number tells which machine this is",
        "vm-h200-128g: vda: a virtual disk does not tell what is below it → assumed ssd",
        "vm-h200-128g: vdb: a virtual disk does not tell what is below it → assumed ssd",
    ]


def test_whether_a_host_lets_us_in_is_asked_without_measuring_it(lab_file: Path) -> None:
    away = reached(load(lab_file), ["here", "nas"])
    assert set(away) == {"nas"}
    assert away["nas"].where == "host nas"
    assert not (lab_file.parent / "facts").exists()


def test_programs_get_json(lab_file: Path) -> None:
    ended = audit(lab_file, "--limit", "here", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    document = json.loads(ended.stdout)
    assert document["schema"] == "audit/1"
    assert [(host["name"], host["changed"]) for host in document["hosts"]] == [("here", True)]


def test_an_unknown_host_is_wrong_usage(lab_file: Path) -> None:
    ended = audit(lab_file, "--limit", "hree")
    assert ended.returncode == 2
    assert "did you mean here?" in ended.stderr


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            "Failed to connect to the host via ssh: ssh: connect to host nas.lan port 2222: Connection timed out",
            "host nas · connect to host nas.lan port 2222: Connection timed out · the host must answer"
            " · see that it is on: ping nas.lan",
        ),
        (
            "Failed to connect to the host via ssh: ann@nas.lan: Permission denied (publickey,password).",
            "host nas · ann@nas.lan: Permission denied (publickey,password). · ssh must get in without asking"
            " · bring your key there: ssh-copy-id -p 2222 ann@nas.lan",
        ),
        (
            "Failed to connect to the host via ssh: No ED25519 host key is known\nHost key verification failed.",
            "host nas · Host key verification failed. · ssh must know the host"
            " · log in once: ssh -p 2222 ann@nas.lan",
        ),
        (
            "Task failed: Missing sudo password",
            "host nas · Missing sudo password · becoming root must be allowed · say --ask-become-pass",
        ),
        (
            "Task failed: Module failed: /etc/ansible/facts.d: Permission denied",
            "host nas · Module failed: /etc/ansible/facts.d: Permission denied · facts_dir must be ours to write"
            " · mend hosts.nas.facts_dir or .become in lab.yaml",
        ),
        ("non-zero return code\nsomething new", "host nas · something new · see all of it with --verbose"),
        ("", "host nas · failed · see all of it with --verbose"),
    ],
)
def test_a_page_of_ansible_becomes_one_line_with_a_mend(message: str, line: str) -> None:
    assert str(explain("nas", NAS, "failed", message)) == line


def test_the_inventory_follows_lab_yaml(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text(
        "version: 1\nhosts:\n  desktop:\n    address: local\n"
        "  nas:\n    address: nas.lan\n    user: ann\n    facts_dir: /srv/facts\n"
        "  yellow:\n    address: yellow.lan\n    system: haos\n"
    )
    lab = load(tmp_path / "lab.yaml")
    assert [groups_of(lab, name) for name in lab.hosts] == [("linux", "local"), ("linux",), ("haos",)]
    assert variables_of(lab, "desktop") == {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
        "hardware_audit_system": "linux",
        "hardware_audit_facts_dir": f"{tmp_path}/.lab/facts.d",
        "hardware_audit_controller_dir": f"{tmp_path}/facts",
        "hardware_audit_benchmark_dir": f"{tmp_path}/.lab",
        "hardware_audit_held": ["platform", f"{tmp_path}/.lab"],
        "hardware_audit_peers": {"nas": "nas.lan", "yellow": "yellow.lan"},
    }
    assert variables_of(lab, "nas") == {
        "ansible_connection": "ssh",
        "ansible_host": "nas.lan",
        "ansible_user": "ann",
        "ansible_become": True,
        "hardware_audit_system": "linux",
        "hardware_audit_facts_dir": "/srv/facts",
        "hardware_audit_controller_dir": f"{tmp_path}/facts",
        "hardware_audit_peers": {"yellow": "yellow.lan"},
    }
    assert variables_of(lab, "yellow")["ansible_become"] is False
