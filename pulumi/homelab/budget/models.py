"""The accounts of the servers of models: what each needs at least, at most, and in which memory.

With unified memory, or without a GPU, models are lines of the host's RAM, counted once. On a card with memory of
its own they are in the card's ledger, and the host holds their processes alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from homelab.budget.model import Pool, Serving, Vram
from homelab.facts import Facts
from homelab.figure import Figure, given, merge
from homelab.llm import Model, fit, largest, load, smallest
from homelab.profile import Profile

NAMES: dict[Pool, str] = {"unified": "unified memory", "vram": "VRAM", "ram": "RAM"}

Served = Mapping[str, tuple[Model, ...]]
"""Consumer → the models that it serves."""


@dataclass(frozen=True, slots=True)
class Demand:
    """MiB: `process` of the server itself, `least` and `most` with its models, where these are in RAM too."""

    models: tuple[Model, ...]
    pool: Pool
    process: Figure
    least: Figure
    most: Figure


def served(
    placed: Sequence[str], profile: Profile, chosen: Mapping[str, Sequence[str]], beside: Path
) -> dict[str, tuple[Model, ...]]:
    """The models of each server of models that is placed: `chosen`, or what the profile names. GGUF files are
    found from the folder `beside`.

    Raises InvalidInput for a model that is not known, and for a file that cannot be used.
    """
    names = {name: chosen.get(name) or models for name, models in profile.rules.models.serve.items()}
    return {name: tuple(load(model, beside) for model in names[name]) for name in placed if name in names}


def demands(facts: Facts, models: Served, profile: Profile) -> dict[str, Demand]:
    """In the order of `models`. A card that cannot hold the smallest setup of a server is not used for it."""
    wish = profile.rules.models.wish
    left = card(facts, profile)[1].value if _has_card(facts) else 0
    result = {}
    for name, served_models in models.items():
        least, most = smallest(served_models, wish), largest(served_models, wish)
        pool: Pool = "unified" if facts.homelab.unified_memory else "ram"
        why = f"the models in {NAMES[pool]} beside the process"
        if _has_card(facts):
            if least.mib <= left:
                pool, left = "vram", left - least.mib
            else:
                why = f"the models in RAM: the smallest setup needs {least.mib} MiB of the card, which has {left}"
        key = f"consumers.{name}.floor"
        process = profile.given(key, profile.rules.consumers[name].floor, "MiB", "the process, without a model")
        first = last = process
        if pool != "vram":
            source = profile.source(f"models.serve.{name}")
            first = process.then("rule", source, process.value + least.mib, f"{why}, at least {least}")
            last = process.then("rule", source, process.value + most.mib, f"{why}, at most {most}")
        result[name] = Demand(served_models, pool, process, first, last)
    return result


def _has_card(facts: Facts) -> bool:
    return facts.gpu.has_gpu and not facts.homelab.unified_memory


def ceiling(total: Figure, pool: Pool, profile: Profile) -> Figure:
    """What all models may have together."""
    percent = profile.rules.models.memory_percent
    source = profile.source("models.memory_percent")
    return total.then("profile", source, total.value * percent // 100, f"{percent} % of {NAMES[pool]} for models")


def card(facts: Facts, profile: Profile) -> tuple[Figure, Figure]:
    """The card's memory, and what models may have of it."""
    source = "gpu_info.gpu_vram_mb"
    total = given("fact", source, facts.gpu.gpu_vram_mb or 0, "MiB", "of one card; models are not split over two")
    return total, ceiling(total, "vram", profile)


def on_card(facts: Facts, demands: Mapping[str, Demand], profile: Profile) -> Vram | None:
    """The card's ledger: first what each needs at least, then in their order what each can use."""
    here = {name: demand.models for name, demand in demands.items() if demand.pool == "vram"}
    if not here:
        return None
    wish = profile.rules.models.wish
    total, most = card(facts, profile)
    least = {name: smallest(models, wish).mib for name, models in here.items()}
    left = most.value - sum(least.values())
    shares = {}
    for name, models in here.items():
        best = largest(models, wish)
        mib = min(best.mib, least[name] + left)
        left -= mib - least[name]
        because = f"at most {best}" if mib == best.mib else f"of {best.mib} MiB for {best}"
        shares[name] = most.then("clamp", "VRAM", mib, because)
    because = "its driver with 0.6 GiB for each process, the desktop and peaks"
    kept = total.then("rule", "kept from models", total.value - most.value, because)
    return Vram(total, kept, shares)


def servings(
    demands: Mapping[str, Demand],
    limits: Mapping[str, Figure],
    vram: Vram | None,
    profile: Profile,
    disk: Mapping[str, int],
) -> dict[str, Serving]:
    """What fits into each one's share; `limits` are those of the ledger of RAM, `disk` GiB for its files."""
    wish = profile.rules.models.wish
    result = {}
    for name, demand in demands.items():
        if demand.pool == "vram" and vram is not None:
            memory = vram.shares[name]
        else:
            mib = limits[name].value - demand.process.value
            because = f"beside the process with its {demand.process.value} MiB"
            memory = limits[name].then("rule", "models", mib, because)
        found = fit(demand.models, memory.value, wish, disk[name])
        if found is None:
            raise AssertionError(f"{name} was given {memory.value} MiB, less than its smallest setup")
        result[name] = Serving(demand.pool, memory, found)
    return result


def least_files(demands: Mapping[str, Demand], profile: Profile) -> dict[str, Figure]:
    """GiB of the smallest file of every model."""
    wish = profile.rules.models.wish
    return {
        name: profile.given(
            f"models.serve.{name}", smallest(demand.models, wish).gib_on_disk, "GiB", "the smallest files of all"
        )
        for name, demand in demands.items()
    }


def most_gib(demands: Mapping[str, Demand], profile: Profile) -> int:
    """GiB of the best files of every model."""
    wish = profile.rules.models.wish
    return sum(largest(demand.models, wish).gib_on_disk for demand in demands.values())


def files(servings: Mapping[str, Serving], room: Figure) -> dict[str, Figure]:
    """GiB of the files that are served, chosen by their memory and by the disk's `room` for all of them."""
    result = {}
    for name, serving in servings.items():
        loads = serving.fit.setup.loads
        because = " and ".join(f"{load.quantization.name} of {load.model.name}" for load in loads)
        both = Figure(serving.memory.value, serving.memory.unit, merge(serving.memory, room))
        result[name] = both.then("rule", "files", serving.fit.setup.gib_on_disk, because, unit="GiB")
    return result


def shared_disk(demands: Mapping[str, Demand], room: Figure, profile: Profile) -> dict[str, int]:
    """GiB that each one's files may take: its smallest, and in turn what its best needs of the rest."""
    wish = profile.rules.models.wish
    least = {name: figure.value for name, figure in least_files(demands, profile).items()}
    left = room.value - sum(least.values())
    result = {}
    for name, demand in demands.items():
        more = min(left, max(0, largest(demand.models, wish).gib_on_disk - least[name]))
        result[name] = least[name] + more
        left -= more
    return result
