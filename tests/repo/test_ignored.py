"""What git takes and what it leaves."""

import subprocess

import pytest
from tree import ROOT


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("secrets/nats.sops.yaml", False),
        ("secrets/README.md", False),
        (".sops.yaml", False),
        ("secrets/nats.yaml", True),
        ("secrets/chat.key", True),
        ("secrets/keys.txt", True),
        ("homelab-recovery.txt", True),
        ("secrets/.nats.sops.yaml.new", True),
    ],
)
def test_git_takes_encrypted_secrets_and_nothing_else_of_their_folder(path: str, ignored: bool) -> None:
    ended = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT, check=False)
    assert ended.returncode == (0 if ignored else 1)
