"""CPU is compressible: requests that exceed the cores shrink in proportion, and CPU alone never refuses."""

from collections.abc import Mapping

from homelab.facts import Facts
from homelab.figure import Figure, given
from homelab.profile import Profile


def cores_of(facts: Facts) -> Figure:
    return given("fact", "homelab.cpu_cores", facts.homelab.cpu_cores * 1000, "m", "measured on the host")


def requests_and_limits(
    cores: Figure, replicas: Mapping[str, int], profile: Profile
) -> dict[str, tuple[Figure, Figure]]:
    """Millicores of each replica, for every consumer in `replicas` (how many the ledger allows)."""
    wanted = {name: _read(name, "request", cores, profile) for name in replicas}
    limits = {name: _clamped(_read(name, "limit", cores, profile), cores) for name in replicas}
    percent = profile.rules.cpu.requests_percent_max
    most = cores.value * percent // 100
    total = sum(figure.value * replicas[name] for name, figure in wanted.items())
    result = {}
    for name, request in wanted.items():
        limit = limits[name]
        if total > most:
            source = profile.source("cpu.requests_percent_max")
            because = f"requests of {total}m shrink in proportion to {percent} % of the cores, {most}m"
            request = request.then("clamp", source, max(1, request.value * most // total), because)
        if request.value > limit.value:
            request = request.then("clamp", "limit", limit.value, "a request never exceeds its limit")
        result[name] = (request, limit)
    return result


def _read(name: str, which: str, cores: Figure, profile: Profile) -> Figure:
    share = getattr(profile.rules.consumers[name].cpu, which)
    key = f"consumers.{name}.cpu.{which}"
    if share.endswith("%"):
        percent = int(share[:-1])
        return cores.then(
            "profile", profile.source(key), cores.value * percent // 100, f"{percent} % of the cores"
        )
    return profile.given(key, int(share[:-1]), "m", "what its work needs, whatever the host")


def _clamped(limit: Figure, cores: Figure) -> Figure:
    if limit.value <= cores.value:
        return limit
    return limit.then("clamp", "homelab.cpu_cores", cores.value, "a limit never exceeds the cores")
