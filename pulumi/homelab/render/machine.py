"""For which machines manifests are wanted: the lab as it was measured, one of its hosts, or a recorded one."""

from collections.abc import Sequence
from dataclasses import dataclass

from homelab import imagined, planner
from homelab.document import meant
from homelab.errors import InvalidInput, Problem
from homelab.lab import Cluster, Lab
from homelab.planner import LabPlan
from homelab.what_if import alone


@dataclass(frozen=True, slots=True)
class Chosen:
    lab: Lab
    plan: LabPlan


def chosen(lab: Lab, host: str | None = None, place: Sequence[str] | None = None) -> Chosen:
    """`host` is of the lab and then its only node, or a recorded machine with `place` on it, else with everything.

    A lab without a cluster is rendered for one whose node is the local host.

    Raises InvalidInput for a host that is neither, and what planning raises.
    """
    if host is None or host in lab.hosts:
        return Chosen(_with_node(lab, host), planner.plan_lab(lab))
    if host not in imagined.recorded():
        known = [*lab.hosts, *imagined.recorded()]
        raise InvalidInput(Problem("--host", host, "neither in the lab nor recorded", meant(host, known)))
    situation = alone(lab, imagined.facts_of(imagined.Machine(), host), host, place, {})
    return Chosen(_with_node(situation.lab, host), planner.plan(situation))


def _with_node(lab: Lab, host: str | None) -> Lab:
    """Under its own name, unless lab.yaml says which names its nodes have."""
    cluster = lab.cluster or Cluster(context="none")
    if host is None:
        return lab.model_copy(update={"cluster": cluster})
    nodes = {host: lab.nodes.get(host, host)}
    return lab.model_copy(update={"cluster": cluster.model_copy(update={"nodes": nodes})})
