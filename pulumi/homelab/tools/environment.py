"""Bring a locked Python environment up to date: silent when it is, one line of progress when it is not."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from homelab.errors import MissingTool, Problem
from homelab.tools import index
from homelab.tools.launcher import guarded, program
from homelab.tools.progress import Failed, follow
from homelab.tools.wheels import UV

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Environment:
    """A project with a uv.lock of its own below the repository's root, and which of its groups are wanted."""

    project: str
    title: str
    flags: tuple[str, ...]


ENVIRONMENTS: Mapping[str, Environment] = {
    "homelab": Environment(".", "Preparing the Python environment", ("--no-dev",)),
    "dev": Environment(".", "Preparing the Python environment with the developers' tools", ()),
    "cluster": Environment(
        ".", "Preparing the Python environment with Pulumi", ("--no-dev", "--extra", "cluster")
    ),
    "mutation": Environment(".", "Preparing the Python environment with cosmic-ray", ("--group", "mutation")),
    "checkov": Environment("policy", "Preparing checkov's own environment", ()),
    "litellm": Environment("servers/litellm", "Preparing LiteLLM's own environment", ("--no-dev",)),
}


def prepare(environment: Environment) -> None:
    """Install what uv.lock says and is not there; packages beyond it stay. Raises MissingTool."""
    project = ROOT / environment.project
    variables = _variables(project)
    sync = [str(program(UV, ROOT)), "sync", "--frozen", "--inexact", *environment.flags]
    check = [*sync, "--check", "--quiet"]
    if subprocess.run(check, cwd=project, env=variables, capture_output=True, check=False).returncode == 0:
        return
    try:
        follow(sync, environment.title, cwd=project, env=variables)
    except Failed as failed:
        raise MissingTool(_explained(environment, failed)) from failed


def _variables(project: Path) -> dict[str, str]:
    """The person's environment, with what uv must not decide otherwise."""
    # uv trusts a list of its own by default; the machine's certificates count, as they did when uv was fetched.
    variables = {"UV_SYSTEM_CERTS": "true", **os.environ}
    if certificates := index.configured(os.environ, Path.home()).certificates:
        variables.setdefault("SSL_CERT_FILE", certificates)
    # The recipes call .venv/bin, so another place that the person's shell names must not win.
    variables.pop("VIRTUAL_ENV", None)
    return variables | {"UV_PROJECT_ENVIRONMENT": str(project / ".venv")}


def _explained(environment: Environment, failed: Failed) -> Problem:
    """uv tells a failure as `error: …` and a chain of `cause: …`: the first and the last say it all."""
    told = [line.strip() for line in failed.messages]
    error = next((line.removeprefix("error: ") for line in told if line.startswith("error: ")), str(failed))
    cause = next((line.removeprefix("cause: ") for line in reversed(told) if line.startswith("cause: ")), "")
    if "certificate" in cause:
        fix = "have SSL_CERT_FILE name the certificates of your network"
    elif any("error sending request" in line for line in told):
        fix = "connect this machine to the network"
    else:
        fix = f"see `uv sync --project {environment.project}`"
    return Problem(
        "uv.lock" if environment.project == "." else f"{environment.project}/uv.lock",
        ": ".join(part for part in (error, cause) if part),
        "its packages are fetched once",
        fix,
    )


def main(names: Sequence[str]) -> int:
    def work() -> None:
        for name in names:
            prepare(ENVIRONMENTS[name])

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
