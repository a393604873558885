"""Other models or another profile for what is placed; room on the disk; a larger machine."""

from collections.abc import Iterator

from homelab import llm, profile
from homelab.errors import WayOut
from homelab.facts import Mount
from homelab.imagined import Machine, changed
from homelab.situation import HostPlan, Situation
from homelab.units import GIB, MIB
from homelab.ways_out.trial import Trial, planned

SIZES_GIB = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
"""Memory that machines are sold with."""

DISKS_GB = (16, 32, 64, 128, 256, 512, 1000, 2000, 4000, 8000)
GB = 1000**3


def profiles(trial: Trial) -> Iterator[WayOut]:
    """The profile is the whole lab's, so every host that planned must plan with it."""
    for name in profile.offered():
        then = trial.now.with_lab(profile=name)
        mine = planned(then, trial.name)
        if mine is None or name == trial.now.lab.profile:
            continue
        if all(trial.before(other) is None or planned(then, other) for other in trial.others):
            saves = sum(trial.wanted.values()) - _least(mine)
            do = f"write 'profile: {name}' in {trial.now.lab.path.name}"
            yield WayOut(do, max(0, saves), f"shares and models are those of {name}")


def _least(plan: HostPlan) -> int:
    """MiB that a host must have for what is placed on it."""
    rules, servings = plan.profile.rules, plan.budget.servings
    least = 0
    for line in plan.budget.lines:
        known = rules.consumers.get(line.consumer)
        least += line.limit.value if known is None else known.floor
        if line.consumer in servings and servings[line.consumer].pool != "vram":
            models = servings[line.consumer].fit.setup.models
            least += llm.smallest(models, rules.models.wish).mib
    return least


def free_space(trial: Trial) -> Iterator[WayOut]:
    """The fewest GiB that others must give up on a disk that is large enough but full."""
    facts = trial.now.facts[trial.name]
    if not facts.storage.mounts:
        return

    def freed(gib: int) -> Situation:
        mounts = tuple(
            mount.model_copy(update={"free_bytes": mount.free_bytes + min(_others(mount), gib * GIB)})
            for mount in facts.storage.mounts
        )
        storage = facts.storage.model_copy(update={"mounts": mounts})
        return trial.now.with_facts(trial.name, facts.model_copy(update={"storage": storage}))

    most = max(_others(mount) // GIB for mount in facts.storage.mounts)
    if not trial.holds(freed(most)):
        return
    low, high = 0, most  # refused at low, held at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if trial.holds(freed(middle)) else (middle, high)
    yield WayOut(f"free {high} GiB on the disk of {trial.name}", high * GIB // MIB, "")


def _others(mount: Mount) -> int:
    """Bytes that neither are free nor the platform's own."""
    return mount.size_bytes - mount.free_bytes - mount.held_bytes


def smaller_models(trial: Trial) -> Iterator[WayOut]:
    """For each server the largest model that fits in the place of its largest. What it serves now has been tried
    in its smallest file already.
    """
    host, measured = trial.now.lab.hosts[trial.name], trial.now.facts[trial.name]
    rules = profile.load(
        trial.now.lab.profile, ram_mib=measured.homelab.total_ram_mb, flags=measured.cpu.flags
    ).rules.models
    known = [llm.load(name, trial.now.lab.path.parent) for name in llm.names()]
    for server, usual in rules.serve.items():
        if server not in trial.placed:
            continue
        names = host.serve.chosen.get(server, usual)
        models = [llm.load(name, trial.now.lab.path.parent) for name in names]
        largest = max(range(len(models)), key=lambda number: _size(models[number]))
        smaller = [model for model in known if not model.embedding and _size(model) < _size(models[largest])]
        for model in sorted(smaller, key=_size, reverse=True):
            instead = (*models[:largest], model, *models[largest + 1 :])
            chosen = (*names[:largest], model.name, *names[largest + 1 :])
            if trial.holds(trial.now.serving(trial.name, server, chosen)):
                saves = llm.smallest(tuple(models), rules.wish).mib - llm.smallest(instead, rules.wish).mib
                do = f"serve {model.name} by {server} instead of {names[largest]}"
                yield WayOut(do, saves, "answers of the larger model")
                break


def _size(model: llm.Model) -> int:
    return model.by_size[0].bytes


def larger_disk(trial: Trial) -> Iterator[WayOut]:
    """The smallest that is sold and holds all."""
    facts = trial.now.facts[trial.name]
    largest = max((mount.size_bytes for mount in facts.storage.mounts), default=0)
    for size in DISKS_GB:
        more = changed(facts, Machine(disk=size * GB))
        if size * GB > largest and trial.holds(trial.now.with_facts(trial.name, more)):
            yield WayOut(f"take a disk of {size} GB", 0, "its price")
            return


def larger_machine(trial: Trial) -> Iterator[WayOut]:
    """The smallest memory that is sold and holds all."""
    facts = trial.now.facts[trial.name]
    for size in SIZES_GIB:
        more = changed(facts, Machine(ram=size * GIB))
        larger = more.homelab.total_ram_mb > facts.homelab.total_ram_mb
        if larger and trial.holds(trial.now.with_facts(trial.name, more)):
            yield WayOut(f"take a machine with {size} GiB of memory", 0, "its price")
            return
