"""The phases as data: which stack each is, what it needs, and where its program is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from homelab.phases.site import Site


@dataclass(frozen=True, slots=True)
class Phase:
    """`needs` are the stacks that must have been validated before; `target` is a module with `deploy`."""

    stack: str
    title: str
    needs: tuple[str, ...]
    target: str

    def program(self) -> "Callable[[Site], None]":
        """Imports Pulumi."""
        deploy: Callable[[Site], None] = import_module(self.target).deploy
        return deploy


PHASES: Mapping[str, Phase] = MappingProxyType(
    {
        phase.stack: phase
        for phase in (
            Phase(
                "phase1-core",
                "stores, streams and the door to the models",
                ("phase0",),
                "homelab.phases.phase1_core",
            ),
            Phase(
                "phase2-pipeline",
                "workers from a document to the graph, the API, what watches them",
                ("phase1-core",),
                "homelab.phases.phase2_pipeline",
            ),
            Phase(
                "phase3-inference",
                "names for the servers of models outside the cluster",
                ("phase1-core",),
                "homelab.phases.phase3_inference",
            ),
            Phase(
                "phase4-tooling",
                "our tools for agents, evaluation, OpenClaw's configuration",
                ("phase2-pipeline",),
                "homelab.phases.phase4_tooling",
            ),
        )
    }
)
