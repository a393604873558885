"""The role's collector, run as the role runs it: `sh -c` with the script as one word."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "ansible/roles/hardware_audit/files/collect.sh"
RAW = ROOT / "tests/fixtures/raw"
HOSTS = ROOT / "tests/fixtures/hosts"


def collect(root: Path | None = None, env: Mapping[str, str] | None = None, by: str = "sh") -> str:
    """What the collector prints, run `by` a shell, about the system below `root` or about this machine."""
    ended = subprocess.run(
        [*by.split(), "-c", SCRIPT.read_text()],
        env=os.environ | {"AUDIT_ROOT": str(root or "")} | (env or {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stderr == ""
    return ended.stdout
