"""What runs where when lab.yaml is silent: each machine does what its kind is for, as docs/budget.md tells."""

from homelab.consumers import LOCAL
from homelab.errors import BudgetExceeded
from homelab.facts import Facts
from homelab.situation import Situation, plan_host

SERVES_MIB = 7000
"""MiB measured: a nominal 8 GB, the least on which a model of a few billion weights leaves the rest its room."""


def settled(now: Situation) -> Situation:
    """The same with a placement on every measured host that lab.yaml says nothing of. Pure.

    Only the control plane may then be refused; no other host is given what it cannot hold.
    """
    core = _control_plane(now)
    silent = [name for name, host in now.lab.hosts.items() if host.place is None and not host.placed]
    placed = {name: _role(now, name) for name in silent if name in now.facts and name != core}
    if core is not None:
        placed[core] = LOCAL
    return now.placing(placed)


def _control_plane(now: Situation) -> str | None:
    """The silent host that must hold the platform: none where one is local or lab.yaml has placed the database.

    Of the others the one with the most memory, and of equals the first; never one whose memory its GPU shares.
    """
    if any(host.local or "postgres" in host.placed for host in now.lab.hosts.values()):
        return None
    able = [
        name
        for name, host in now.lab.hosts.items()
        if host.place is None and host.system == "linux" and name in now.facts
    ]
    able = [name for name in able if not now.facts[name].homelab.unified_memory]
    return max(able, key=lambda name: now.facts[name].homelab.total_ram_mb, default=None)


def _role(now: Situation, name: str) -> tuple[str, ...]:
    """The first that fits of what a machine of this kind is for; nothing is an answer too."""
    for consumer in _wanted(now.facts[name]):
        trial = now.placing({name: (consumer,)})
        try:
            plan_host(trial.lab, name, trial.facts[name])
        except BudgetExceeded:
            continue
        return (consumer,)
    return ()


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
