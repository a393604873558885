"""k3s' kubelet: what it keeps from pods, so that a node hands out no more than the ledger does."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.lab import Lab
from homelab.profile import Profile
from homelab.specs.base import Spec, percent, setting
from homelab.units import quantity_cpu, quantity_mib

SERVER_MIB = 1600
AGENT_MIB = 275
"""MiB: what k3s itself takes with a workload (docs.k3s.io/reference/resource-profiling)."""

LEAST_AVAILABLE_MIB = 100
"""MiB: the kubelet's own threshold, which k3s takes away by setting `eviction-hard` for the disk alone."""


@dataclass(frozen=True)
class K3s(Spec):
    """`kube-reserved` and `system-reserved` are the ledger's reserve together.

    A full plan must not evict: below `memory.available` the kubelet ends pods, so it lies inside the headroom.
    """

    kube_memory: Figure = setting(quantity_mib, "kube-reserved.memory")
    kube_cpu: Figure = setting(quantity_cpu, "kube-reserved.cpu")
    system_memory: Figure = setting(quantity_mib, "system-reserved.memory")
    system_cpu: Figure = setting(quantity_cpu, "system-reserved.cpu")
    memory_available: Figure = setting(quantity_mib, "eviction-hard.memory.available")
    nodefs_available: Figure = setting(percent, "eviction-hard.nodefs.available")
    imagefs_available: Figure = setting(percent, "eviction-hard.imagefs.available")


def k3s(budget: Budget, profile: Profile, lab: Lab) -> K3s:
    reserve, headroom = budget.line("reserve"), budget.line("headroom").limit
    memory, cpu = reserve.limit, reserve.cpu_limit
    role, own = ("server", SERVER_MIB) if budget.host == _server(lab) else ("agent", AGENT_MIB)
    kube, half = min(own, memory.value // 2), cpu.value // 2
    because = f"a k3s {role} takes {own} MiB; at most half of the reserve"
    rest = "the reserve without kube-reserved: the system and what people run"
    room = min(headroom.value, max(LEAST_AVAILABLE_MIB, headroom.value // 2))
    evicts = f"half of the headroom, at least {LEAST_AVAILABLE_MIB} MiB; k3s would leave it out"
    free = profile.rules.storage.free_percent
    kept = profile.given("storage.free_percent", free, "%", "of the disk is never planned")
    full = kept.then("rule", "eviction-hard", free // 2, "half of it: images are removed before data has no room")
    return K3s(
        kube_memory=memory.then("rule", "kube-reserved.memory", kube, because),
        kube_cpu=cpu.then("rule", "kube-reserved.cpu", half, "half of the reserve"),
        system_memory=memory.then("rule", "system-reserved.memory", memory.value - kube, rest),
        system_cpu=cpu.then("rule", "system-reserved.cpu", cpu.value - half, "the other half of the reserve"),
        memory_available=headroom.then("rule", "eviction-hard.memory.available", room, evicts),
        nodefs_available=full,
        imagefs_available=full,
    )


def _server(lab: Lab) -> str:
    """The host that runs the control plane: this machine where it is a node, else the first."""
    return next((name for name in lab.nodes if lab.hosts[name].local), next(iter(lab.nodes)))
