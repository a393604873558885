"""What runs where when lab.yaml is silent: each machine does what its kind is for, as docs/budget.md tells."""

from collections.abc import Sequence

from homelab.consumers import LOCAL
from homelab.errors import BudgetExceeded
from homelab.facts import Facts
from homelab.situation import Situation, plan_host

SERVES_MIB = 7000
"""MiB measured: a nominal 8 GB, the least on which a model of a few billion weights leaves the rest its room."""


def settled(now: Situation) -> Situation:
    """The same with a placement on every measured host that lab.yaml says nothing of. Pure.

    No host is given what it cannot hold, so that silence refuses no plan.
    """
    silent = [name for name, host in now.lab.hosts.items() if host.place is None and not host.placed]
    silent = [name for name in silent if name in now.facts]
    core = _control_plane(now, silent)
    return now.placing({name: LOCAL if name == core else _role(now, name) for name in silent})


def _control_plane(now: Situation, silent: Sequence[str]) -> str | None:
    """Which of the silent hosts holds the platform: none where one is local or lab.yaml has placed the database.

    The one with the most memory, and of equals the first; never one whose memory its GPU shares.
    """
    if any(host.local or "postgres" in host.placed for host in now.lab.hosts.values()):
        return None
    able = [name for name in silent if not now.facts[name].homelab.unified_memory and _holds(now, name, LOCAL)]
    return max(able, key=lambda name: now.facts[name].homelab.total_ram_mb, default=None)


def _role(now: Situation, name: str) -> tuple[str, ...]:
    """The first that fits of what a machine of this kind is for; nothing is an answer too."""
    wanted = ((consumer,) for consumer in _wanted(now.facts[name]))
    return next((place for place in wanted if _holds(now, name, place)), ())


def _holds(now: Situation, name: str, place: Sequence[str]) -> bool:
    trial = now.placing({name: place})
    try:
        plan_host(trial.lab, name, trial.facts[name])
    except BudgetExceeded:
        return False
    return True


def _wanted(facts: Facts) -> tuple[str, ...]:
    if facts.gpu.has_gpu:
        return ("llama-server", "ollama")
    if facts.homelab.total_ram_mb < SERVES_MIB or _stores(facts):
        return ()
    return ("ollama",)


def _stores(facts: Facts) -> bool:
    """Whether it is there for its disks: most of its space turns."""
    turning = sum(mount.size_bytes for mount in facts.storage.mounts if mount.storage_class == "hdd")
    return 2 * turning > sum(mount.size_bytes for mount in facts.storage.mounts)
