"""The manifests of a phase without a cluster or an engine: from the same program, with masked secrets."""

from collections.abc import Mapping
from typing import Any

from homelab.render.folder import write
from homelab.render.machine import Chosen, chosen
from homelab.render.text import file_name, ordered, text

__all__ = ["Chosen", "chosen", "file_name", "manifests", "text", "write"]


def manifests(stack: str, what: Chosen) -> list[Mapping[str, Any]]:
    """In the order in which they could be applied, always the same. Imports Pulumi.

    Raises what the phase raises. Raises KeyError for an unknown stack.
    """
    from homelab.phases import here, offline
    from homelab.phases.site import Site
    from homelab.phases.table import PHASES

    site = Site(what.lab, what.plan, here.pinned(what.lab), here.masked(what.lab))
    return ordered(offline.manifests(PHASES[stack].program(), stack, site))
