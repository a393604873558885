"""Burst consumers: how many replicas their HorizontalPodAutoscaler may start, and what makes it start one."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.profile import Profile
from homelab.specs.base import Spec, setting


@dataclass(frozen=True)
class Autoscaling(Spec):
    """Targets are percent of a replica's request, averaged over the replicas."""

    min_replicas: Figure = setting(name="minReplicas")
    max_replicas: Figure = setting(name="maxReplicas")
    cpu: Figure = setting(name="cpu.averageUtilization")
    memory: Figure = setting(name="memory.averageUtilization")
    settle: Figure = setting(name="behavior.scaleDown.stabilizationWindowSeconds")


def autoscaling(budget: Budget, profile: Profile, consumer: str) -> Autoscaling:
    line = budget.line(consumer)
    least = line.replicas.then("rule", "minReplicas", line.replicas_min, "one is always there to begin at once")
    because = "of less work before a replica goes"
    settle = profile.given("autoscale.settle_seconds", profile.rules.autoscale.settle_seconds, "s", because)
    return Autoscaling(least, line.replicas, _cpu(budget, profile), _memory(budget, profile), settle)


def _cpu(budget: Budget, profile: Profile) -> Figure:
    rules, few = profile.rules.autoscale, profile.rules.few_cores
    if budget.cores.value // 1000 < few:
        because = f"below {few} cores each replica works longer before another starts"
        source = profile.source("autoscale.cpu_few_cores")
        return budget.cores.then("profile", source, rules.cpu_few_cores, because, unit="%")
    because = "of its request"
    return budget.cores.then("profile", profile.source("autoscale.cpu"), rules.cpu, because, unit="%")


def _memory(budget: Budget, profile: Profile) -> Figure:
    rules, total = profile.rules.autoscale, budget.total
    if total.value <= rules.small_ram_mib:
        because = f"up to {rules.small_ram_mib} MiB another starts before the first is short"
        source = profile.source("autoscale.memory_small_ram")
        return total.then("profile", source, rules.memory_small_ram, because, unit="%")
    return total.then("profile", profile.source("autoscale.memory"), rules.memory, "of its request", unit="%")
