"""lab.yaml's hosts as Ansible sees them: how each is reached, and where its facts go."""

import sys
from typing import Any

from homelab.audit.held import folders
from homelab.lab import Lab

SYSTEM_FACTS_DIR = "/etc/ansible/facts.d"


def groups_of(lab: Lab, name: str) -> tuple[str, ...]:
    """`linux` or `haos`, and `local` for the machine that Ansible runs on."""
    host = lab.hosts[name]
    return (host.system, "local") if host.local else (host.system,)


def variables_of(lab: Lab, name: str) -> dict[str, Any]:
    """The variables of one host; None is left to Ansible."""
    host = lab.hosts[name]
    reached: dict[str, Any] = {
        "ansible_connection": "local" if host.local else "ssh",
        "ansible_host": None if host.local else host.address,
        "ansible_user": host.user,
        "ansible_port": host.port,
        "ansible_become": host.becomes,
        "ansible_python_interpreter": sys.executable if host.local else None,
    }
    # An ordinary user may not write below /etc.
    usual = str(lab.local.data_dir / "facts.d") if host.local and not host.becomes else SYSTEM_FACTS_DIR
    role = {
        "hardware_audit_system": host.system,
        "hardware_audit_facts_dir": host.facts_dir or usual,
        "hardware_audit_controller_dir": str(lab.facts_dir),
        "hardware_audit_benchmark_dir": str(lab.local.data_dir) if host.local else None,
        "hardware_audit_held": folders(lab, name) or None,
        "hardware_audit_peers": {
            peer: other.address for peer, other in lab.hosts.items() if peer != name and not other.local
        },
    }
    return {key: value for key, value in (reached | role).items() if value is not None}
