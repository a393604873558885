"""The embedder: how many threads multiply matrices."""

from dataclasses import dataclass

from homelab.budget import Budget
from homelab.figure import Figure
from homelab.profile import Profile
from homelab.specs.base import Spec, setting


@dataclass(frozen=True)
class Embedder(Spec):
    threads: Figure = setting()


def embedder(budget: Budget, profile: Profile) -> Embedder:
    return Embedder(_threads(budget, profile))


def _threads(budget: Budget, profile: Profile) -> Figure:
    rule = profile.rules.embedding
    cores = budget.cores.value // 1000
    wanted, because = rule.threads, f"{rule.threads} at least"
    if rule.cores_per_thread:
        wanted = max(wanted, cores // rule.cores_per_thread)
        because += f", one for each {rule.cores_per_thread} cores"
    source = profile.source("embedding.threads")
    threads = budget.cores.then("profile", source, wanted, because, unit="")
    if wanted > cores:
        threads = threads.then("clamp", "homelab.cpu_cores", cores, "no more threads than cores")
    return threads
