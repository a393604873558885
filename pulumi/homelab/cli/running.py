"""The running platform as a client of its own: the settings that its workers were started with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from homelab.errors import LocalError, Problem
from homelab.lab import load
from homelab.local import supervisord
from homelab.local.folders import Folders
from pipeline.errors import Unavailable
from pipeline.settings import Settings

PREFIX = "LAB_"
START_IT = "start it with ./lab local-up"


def folders() -> Folders:
    return Folders(load().local.data_dir)


def settings() -> Settings:
    """What the pipeline's processes were told, secrets included; they stay in this process.

    Raises LocalError when the platform does not run.
    """
    where = folders()
    if not supervisord.is_running(where):
        raise LocalError(Problem(f"local platform in {where.data}", "it does not run", "", START_IT))
    for path in sorted(where.programs.glob("*.json")):
        spec: dict[str, Any] = json.loads(path.read_text())
        if f"{PREFIX}NATS_URL" in spec["env"]:
            secrets = {name: (where.run / file).read_text().strip() for name, file in spec["secrets"].items()}
            values = {name: value for name, value in (spec["env"] | secrets).items() if name.startswith(PREFIX)}
            return Settings(**{name.removeprefix(PREFIX).lower(): value for name, value in values.items()})
    raise LocalError(Problem(f"local platform in {where.data}", "it runs no pipeline", "", START_IT))


@contextmanager
def needed() -> Iterator[None]:
    """A service that is away becomes one line that says how to bring it back."""
    try:
        yield
    except Unavailable as error:
        fix = "./lab local-status shows what is wrong; ./lab local-up starts what is missing"
        raise LocalError(Problem(error.where, error.reason, "", fix)) from error
