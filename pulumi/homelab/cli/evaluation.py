"""`homelab promptfoo-eval`: questions whose answers are known, asked of the cluster's platform by Promptfoo."""

from datetime import UTC, datetime

import typer
from rich.text import Text

from homelab.cli.output import Json, console, print_json
from homelab.cli.validate import NOT_HELD, Patience, show
from homelab.lab import load

NAME = "promptfoo-eval"
"""Of the CronJob, and of the report."""

STACK = "phase4-tooling"

PATIENCE = 900
"""Seconds: its image is pulled at first, and each of its answers may take two minutes."""


def evaluate(patience: Patience = PATIENCE, as_json: Json = False) -> None:
    """Start a Job of the evaluation, wait for it, and show what was answered.

    It asks about the samples, so ingest them first. Ends with 3 where an answer is not as it should be.

    Examples:
      homelab ingest samples && homelab promptfoo-eval
      homelab promptfoo-eval --json
    """
    from homelab.errors import DeployRefused
    from homelab.guards.context import cluster_of, contexts, right_context
    from homelab.kube.client import Kube
    from homelab.validate import Report, inside
    from homelab.validate.patience import Patience as Waits

    cluster = cluster_of(load())
    wrong = list(right_context(cluster, contexts(cluster)))
    if wrong:
        raise DeployRefused(*wrong)
    screen = console("stderr")
    with screen.status("evaluating") as status:
        asked = tuple(inside.outcomes(Kube(cluster), STACK, NAME, Waits(patience), status.update))
    report = Report(NAME, None, datetime.now(UTC), asked)
    if as_json:
        document = report.as_json()
        print_json(document | {"schema": "eval/1"})
    else:
        show(report, console())
        if not report.held:
            console().print(Text("They are about the samples: ./lab ingest samples"), soft_wrap=True)
    if not report.held:
        raise typer.Exit(NOT_HELD)
