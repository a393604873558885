"""sops and age-keygen: which ones, and how they are called so that nothing leaks."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from homelab import tools
from homelab.errors import MissingTool, Problem
from homelab.sops.place import Place

OLDEST = (3, 9)  # the first with the subcommands `encrypt` and `decrypt` and with --filename-override

IDENTITIES = frozenset(
    {
        "SOPS_AGE_KEY",
        "SOPS_AGE_KEY_CMD",
        "SOPS_AGE_KEY_FILE",
        "SOPS_AGE_SSH_PRIVATE_KEY_CMD",
        "SOPS_AGE_SSH_PRIVATE_KEY_FILE",
    }
)
"""The variables by which sops finds keys. Its others would change for whom or how a file is encrypted."""


@cache
def sops() -> Path:
    """The pinned build, else the one on PATH. Raises MissingTool without one, or with one that is too old."""
    pinned = tools.find("sops")
    if pinned is not None:
        return pinned
    oldest = ".".join(map(str, OLDEST))
    rule, fix = f"sops {oldest} or newer opens secrets", "./lab tools sops age"
    found = shutil.which("sops")
    if found is None:
        raise MissingTool(Problem("sops", "not built, not on PATH", rule, fix))
    command = [found, "--version", "--disable-version-check"]
    told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    version = re.match(r"sops (\d+)\.(\d+)\.", told)
    if version is None or tuple(map(int, version.groups())) < OLDEST:
        raise MissingTool(Problem(found, " ".join(told.split()) or "no version", rule, fix))
    return Path(found)


@cache
def age_keygen() -> Path:
    """The pinned build, else the one on PATH. Raises MissingTool."""
    found = tools.find("age-keygen") or shutil.which("age-keygen")
    if found is None:
        rule = "age-keygen makes and reads the keys of secrets"
        raise MissingTool(Problem("age-keygen", "not built, not on PATH", rule, "./lab tools sops age"))
    return Path(found)


def call(place: Place, command: Sequence[str | Path], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """`command` with `given` on its standard input.

    What it says on standard error is kept from everybody but the caller: sops quotes values there that it cannot
    decrypt, which are plain ones in a file that was edited by hand.
    """
    environ = {name: value for name, value in os.environ.items() if _harmless(name)}
    environ["SOPS_AGE_KEY_FILE"] = str(place.key_file)
    if not place.key_file.exists():
        del environ["SOPS_AGE_KEY_FILE"]  # sops would stop there, without a look at the other places
    return subprocess.run(command, input=given, env=environ, capture_output=True, check=False)


def _harmless(name: str) -> bool:
    return not name.startswith("SOPS_") or name in IDENTITIES
