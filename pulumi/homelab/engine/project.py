"""The engine's project folder: the checkout's Pulumi.yaml and stack files, where the engine may write to them.

The engine keeps the salt of a stack's encryption in the stack's configuration file. In the checkout that would be
a change to commit, another one for each lab; so it works on copies.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from homelab.engine.folders import Folders
from homelab.errors import InvalidInput, Problem
from homelab.local.record import write_whole

SALT = "encryptionsalt"


def write(folders: Folders, source: Path, stack: str) -> None:
    """Bring the copies up to date with `source`, the folder of the checkout's Pulumi.yaml.

    Raises InvalidInput for a file that is no mapping.
    """
    project = _mapping(source / "Pulumi.yaml")
    own = source / str(project.get("stackConfigDir", ".")) / f"Pulumi.{stack}.yaml"
    options = {"virtualenv": sys.prefix}
    project |= {
        "main": str(source / str(project.get("main", "."))),
        "stackConfigDir": "stacks",
        "runtime": {"name": "python", "options": options},
    }
    write_whole(folders.project / "Pulumi.yaml", yaml.safe_dump(project, sort_keys=False))

    copy = folders.config(stack)
    config = _mapping(own) if own.exists() else {}
    salt = _mapping(copy).get(SALT) if copy.exists() else None
    if salt is not None:
        config[SALT] = salt
    write_whole(copy, yaml.safe_dump(config, sort_keys=False) if config else "")


def _mapping(path: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise InvalidInput(Problem(str(path), str(error), "must be YAML", "correct it")) from None
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise InvalidInput(Problem(str(path), type(read).__name__, "must be a mapping", "correct it"))
    return read
