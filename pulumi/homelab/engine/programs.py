"""Which programs the engine runs on: the pinned ones or the person's own, and where the stand-in takes a place."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from homelab import tools
from homelab.errors import MissingTool, Problem
from homelab.lab.values import ROOT

OLDEST = (3, 259)  # the release of the Python SDK in pyproject.toml: an engine is as new as the programs it runs
PLUGIN = "pulumi-resource-kubernetes"
PLUGIN_VERSION = "4.32.0"  # of pulumi-kubernetes in pyproject.toml; the engine takes no other
STAND_IN = ROOT / "sandbox/provider"
GET_PLUGIN = f"pulumi plugin install resource kubernetes {PLUGIN_VERSION}"


@dataclass(frozen=True, slots=True)
class Programs:
    """`pulumi` is the engine; `path` the folders that come first on its PATH; `stand_in` says that one of them
    holds the stand-in for Pulumi's Kubernetes plugin, because Pulumi's own is nowhere.
    """

    pulumi: Path
    path: tuple[Path, ...]
    stand_in: bool


def programs(environ: Mapping[str, str], home: Path) -> Programs:
    """Raises MissingTool without an engine, or with one that is too old."""
    engine = tools.find("pulumi") or _own(environ)
    stand_in = not _has_plugin(environ, home)
    # The environment's folder comes first: the stand-in and the program run on the Python that runs this.
    folders = (Path(sys.executable).parent, engine.parent, *((STAND_IN,) if stand_in else ()))
    return Programs(engine, folders, stand_in)


def _own(environ: Mapping[str, str]) -> Path:
    found = shutil.which("pulumi", path=environ.get("PATH", ""))
    oldest = ".".join(map(str, OLDEST))
    rule, fix = f"Pulumi {oldest} or newer runs the stacks", f"./lab tools pulumi, or install Pulumi {oldest}"
    if found is None:
        raise MissingTool(Problem("pulumi", "not built, not on PATH", rule, fix))
    told = subprocess.run(
        [found, "version"],
        env={**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    version = re.match(r"v?(\d+)\.(\d+)\.", told.stdout)
    if version is None or tuple(map(int, version.groups())) < OLDEST:
        given = told.stdout.strip() or told.stderr.strip() or f"status {told.returncode}"
        raise MissingTool(Problem(found, given, rule, fix))
    return Path(found)


def _has_plugin(environ: Mapping[str, str], home: Path) -> bool:
    """Whether Pulumi's own Kubernetes plugin is installed in its home folder or on PATH."""
    folder = home / f"plugins/resource-kubernetes-v{PLUGIN_VERSION}"
    if (folder / PLUGIN).exists() and not folder.with_name(f"{folder.name}.partial").exists():
        return True
    return shutil.which(PLUGIN, path=environ.get("PATH", "")) is not None


def pulumi_home(environ: Mapping[str, str]) -> Path:
    """Where the person's own plugins are: PULUMI_HOME, by default ~/.pulumi."""
    named = environ.get("PULUMI_HOME")
    return Path(named).absolute() if named else Path.home() / ".pulumi"
