"""Which files of the models, how much context and how many slots fit a given memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product

from homelab.llm.model import Model, Quantization
from homelab.llm.need import Cache, Need, need
from homelab.units import GIB

LEAST_CONTEXT = 4096
"""Tokens. Five retrieved passages of 512 tokens, a question and an answer; below it a model is of no use here."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What people want of a server: conversations at once, tokens that are enough for each, and the types in
    which its cache may be kept, the best first."""

    slots: int
    context: int
    caches: tuple[Cache, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """One model as it is loaded."""

    model: Model
    quantization: Quantization
    context: int
    need: Need


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to serve models: how many of them at once, each with `context` tokens in each of `slots`, the
    model's own context permitting. `level` counts their quantizations from the smallest."""

    models: tuple[Model, ...]
    at_once: int
    level: int
    context: int
    slots: int
    cache: Cache
    loads: tuple[Load, ...] = field(init=False, compare=False, repr=False)
    """Follows from the rest; kept, since a plan asks for it dozens of times and counting layers is slow."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "loads", tuple(self._load(model) for model in self.models))

    def _load(self, model: Model) -> Load:
        files = model.by_size
        quantization = files[min(self.level, len(files) - 1)]
        context = min(self.context, model.context)
        return Load(model, quantization, context, need(model, quantization, context, self.slots, self.cache))

    @property
    def gib_on_disk(self) -> int:
        """Of the files of all its models, loaded or not; rounded up."""
        return -(-sum(load.quantization.bytes for load in self.loads) // GIB)

    @property
    def mib(self) -> int:
        """Of those models that are loaded together, the largest first."""
        needs = sorted((load.need.mib for load in self.loads), reverse=True)
        return sum(needs[: self.at_once])

    def __str__(self) -> str:
        files = ", ".join(f"{load.model.name} {load.quantization.name}" for load in self.loads)
        slots = "one slot" if self.slots == 1 else f"{self.slots} slots"
        return f"{files}, {self.context} tokens in {slots}, cache {self.cache}"


@dataclass(frozen=True, slots=True)
class Step:
    """A better setup, and what it needs in all: MiB of memory, and GiB of disk where those are too few."""

    what: str
    mib: int
    gib: int | None = None

    @property
    def disk(self) -> str:
        """Ends the sentence that says the MiB."""
        return "" if self.gib is None else f", and {self.gib} GiB on a disk with more room"


@dataclass(frozen=True, slots=True)
class Fit:
    """The best setup for a memory."""

    setup: Setup
    steps: tuple[Step, ...]


def fit(models: tuple[Model, ...], mib: int, wish: Wish, disk_gib: int | None = None) -> Fit | None:
    """The best setup of `models` in `mib`, whose files fit into `disk_gib`; none where not even the smallest fits.

    In this order: all models at once; a context that is enough; the best quantization; the slots wished for; the
    best type of cache; the largest context. More memory never gives a setup that is worse by this order.
    """
    for setup, needs in _ranked(models, wish):
        if needs <= mib and (disk_gib is None or setup.gib_on_disk <= disk_gib):
            steps = _steps(setup, wish)
            return Fit(setup, tuple(_step(what, better, disk_gib) for what, better in steps))
    return None


def smallest(models: tuple[Model, ...], wish: Wish) -> Setup:
    return min(_ranked(models, wish), key=lambda ranked: ranked[1])[0]


def largest(models: tuple[Model, ...], wish: Wish) -> Setup:
    """The best there is: memory beyond it has no use."""
    return _ranked(models, wish)[0][0]


@cache
def _ranked(models: tuple[Model, ...], wish: Wish) -> tuple[tuple[Setup, int], ...]:
    """Every setup and its MiB, the best first."""

    def worth(setup: Setup) -> tuple[int, ...]:
        enough = min(setup.context, wish.context)
        cache_type = -wish.caches.index(setup.cache)
        return (setup.at_once, enough, setup.level, setup.slots, cache_type, setup.context)

    every = product(
        {1, len(models)}, range(_levels(models)), _contexts(models), range(1, wish.slots + 1), wish.caches
    )
    setups = [Setup(models, *choice) for choice in every]
    return tuple((setup, setup.mib) for setup in sorted(setups, key=worth, reverse=True))


def _levels(models: tuple[Model, ...]) -> int:
    return max(len(model.quantizations) for model in models)


def _contexts(models: tuple[Model, ...]) -> tuple[int, ...]:
    """Powers of two from the least, and what the model with the longest context was trained for."""
    longest = max(model.context for model in models)
    steps = []
    step = LEAST_CONTEXT
    while step < longest:
        steps.append(step)
        step *= 2
    return (*steps, longest)


def _step(what: str, better: Setup, disk_gib: int | None) -> Step:
    gib = better.gib_on_disk
    return Step(what, better.mib, gib if disk_gib is not None and gib > disk_gib else None)


def _steps(setup: Setup, wish: Wish) -> Iterator[tuple[str, Setup]]:
    """From `setup`, each improvement by itself."""
    longer = next((context for context in _contexts(setup.models) if context > setup.context), None)
    if longer is not None:
        yield f"{longer} tokens", replace(setup, context=longer)
    if setup.level + 1 < _levels(setup.models):
        better = replace(setup, level=setup.level + 1)
        changed = zip(setup.loads, better.loads, strict=True)
        names = [load.quantization.name for before, load in changed if load.quantization != before.quantization]
        yield " and ".join(dict.fromkeys(names)), better
    if setup.slots < wish.slots:
        yield f"{setup.slots + 1} slots", replace(setup, slots=setup.slots + 1)
    if setup.at_once < len(setup.models):
        yield "all models at once", replace(setup, at_once=len(setup.models))
