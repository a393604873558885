"""All that a stack promises, in the order in which it is asked, and the record of a success."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from homelab.errors import BudgetExceeded, DeployRefused, HomelabError
from homelab.guards import fingerprint
from homelab.guards.context import cluster_of, contexts, right_context
from homelab.kube.client import Kube, Object
from homelab.lab import Lab
from homelab.phases.table import PHASES
from homelab.planner import LabPlan, plan_lab
from homelab.policy import ledger_of
from homelab.validate import inside, parts, phase0, scaling, workloads
from homelab.validate.limits import limits
from homelab.validate.outcome import Outcome, Report
from homelab.validate.patience import Patience

PHASE0 = "phase0"

STACKS = (PHASE0, *PHASES)

ANSWERS_S = 120.0
"""Seconds that a run from inside has at least, whatever waiting for pods has taken; it needs 5 to 10."""

Tell = Callable[[str], None]


def validated(lab: Lab, stack: str, seconds: float, tell: Tell) -> Report:
    """Ask everything; at most `seconds` are waited for what is still starting. `tell` hears what is asked.

    Raises HomelabError where nothing can be asked: a plan that does not fit, a cluster that does not answer or is
    not the one of lab.yaml.
    """
    if stack == PHASE0:
        return Report(stack, _plan_of(lab), datetime.now(UTC), tuple(phase0.outcomes(lab, tell)))
    cluster = cluster_of(lab)
    wrong = list(right_context(cluster, contexts(cluster)))
    if wrong:
        raise DeployRefused(*wrong)
    plan = plan_lab(lab)
    found = tuple(_deployed(lab, plan, stack, Kube(cluster), Patience(seconds), tell))
    return Report(stack, fingerprint(plan.hosts), datetime.now(UTC), found)


def _deployed(
    lab: Lab, plan: LabPlan, stack: str, kube: Kube, patience: Patience, tell: Tell
) -> Iterator[Outcome]:
    manifests = _manifests(lab, plan, stack)
    ledger = ledger_of(lab, plan)
    yield from workloads.outcomes(kube, stack, manifests, patience, tell)
    apps = [workloads.app(one) for one in manifests if one["kind"] in {"Deployment", "StatefulSet"}]
    if apps:
        tell("the limits of what runs")
        yield limits(stack, apps, kube.listed("Pod")[0], ledger)
    yield from scaling.outcomes(stack, manifests, kube.listed("HorizontalPodAutoscaler")[0], ledger)
    for one in manifests:
        name = one["metadata"]["name"]
        if one["kind"] != "CronJob":
            continue
        answers = Patience(max(patience.left, ANSWERS_S))
        if name.startswith(inside.PREFIX):
            yield from inside.outcomes(kube, stack, name, answers, tell)
        else:
            yield inside.ran(kube, stack, name, answers, tell)
    names = {one["metadata"]["name"] for one in manifests}
    placed = {line.consumer for host in plan.hosts for line in host.budget.lines}
    yield from parts.missing(lab, stack, names, placed)


def _plan_of(lab: Lab) -> str | None:
    """None where the facts cannot be used, which an outcome says. Raises BudgetExceeded: it tells more."""
    try:
        return fingerprint(plan_lab(lab).hosts)
    except BudgetExceeded:
        raise
    except HomelabError:
        return None


def _manifests(lab: Lab, plan: LabPlan, stack: str) -> Sequence[Object]:
    """What the program declares: there is no second list. Imports Pulumi."""
    from homelab.render import Chosen, manifests

    return manifests(stack, Chosen(lab, plan))
