"""The record of what was validated, in the cluster, so that the next phase may go; a failure takes it away."""

from collections.abc import Mapping

from homelab.errors import DeployRefused
from homelab.guards import Records
from homelab.guards.context import contexts, right_context
from homelab.guards.switches import control_plane
from homelab.lab import Lab
from homelab.validate.outcome import Report


def keep(lab: Lab, report: Report, environ: Mapping[str, str]) -> str:
    """Empty when it was done, else why the record stays as it was: a looker-on changes no cluster."""
    if lab.cluster is None:
        return f"not recorded: {lab.path.name} names no cluster"
    for problem in control_plane(environ):
        return f"not recorded: {problem.where} is not set to 1 on this machine, and {problem.rule}"
    try:
        for problem in right_context(lab.cluster, contexts(lab.cluster)):
            return f"not recorded: {problem}"
        records = Records(lab.cluster)
        if report.held and report.plan is not None:
            records.keep(report.stack, report.plan, report.at)
        else:
            records.take_away(report.stack)
    except DeployRefused as error:
        return f"not recorded: {error.problems[0]}"
    return ""
