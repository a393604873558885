"""Removing builds that no pin names any more; another checkout whose pins do would build them anew."""

import re
import shutil
from pathlib import Path

from homelab.tools.alone import alone
from homelab.tools.build import LOCK
from homelab.tools.pinned import TOOLS
from homelab.tools.tool import cache

_BUILD = re.compile(r"([a-z0-9-]+-[0-9a-f]{12})(\.work)?")


def prune() -> list[Path]:
    """Remove superseded builds and what broken ones left, save what runs; returns what went. Waits for a build."""
    if not cache().is_dir():
        return []
    pinned = {tool.home.name for tool in TOOLS.values()}
    removed = []
    with alone(cache() / LOCK, "tools are being built"):
        running = _running()
        for path in sorted(cache().iterdir()):
            found = _BUILD.fullmatch(path.name)
            if found is not None and found[1] not in pinned and path.is_dir() and not _holds(path, running):
                shutil.rmtree(path)
                removed.append(path)
    return removed


def _holds(folder: Path, programs: set[Path]) -> bool:
    return any(program.is_relative_to(folder) for program in programs)


def _running() -> set[Path]:
    """The programs of all processes that we may look into."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.add((process / "exe").readlink())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended, is the kernel's own, or another user's, whose cache this is not
    return found
