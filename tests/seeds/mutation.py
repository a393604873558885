"""Ways to break manifests, each applied wherever it can be: what a policy pack has to catch.

Written from the outside: nothing here is the policies' own.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
Change = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Seed:
    """A set of manifests with one thing wrong in it."""

    mutation: str
    place: str
    manifests: list[Object]

    def __str__(self) -> str:
        return f"{self.mutation} in {self.place}"


class Unfit(Exception):
    """The mutation means nothing in this place."""


CONTAINERS: dict[str, Change] = {}
PODS: dict[str, Change] = {}
OBJECTS: dict[str, tuple[tuple[str, ...], Change]] = {}
STRANGERS: dict[str, Object] = {}


def container(change: Change) -> Change:
    CONTAINERS[change.__name__] = change
    return change


def pod(change: Change) -> Change:
    PODS[change.__name__] = change
    return change


def of(*kinds: str) -> Callable[[Change], Change]:
    """For objects of these kinds; of every kind without any."""

    def registered(change: Change) -> Change:
        OBJECTS[change.__name__] = (kinds, change)
        return change

    return registered


def seeds(clean: list[Object]) -> Iterator[Seed]:
    """Every mutation in every place of `clean` where it means something."""
    for number, manifest in enumerate(clean):
        name = f"{manifest['kind']}/{manifest['metadata']['name']}"
        spec = pod_spec(manifest)
        for key in ("initContainers", "containers"):
            for place, one in enumerate(spec.get(key, ())):
                for mutation, change in CONTAINERS.items():
                    yield from _seed(clean, number, mutation, f"{name} {one['name']}", _inner(key, place, change))
        if spec:
            for mutation, change in PODS.items():
                yield from _seed(clean, number, mutation, name, lambda made, do=change: do(pod_spec(made)))
        for mutation, (kinds, change) in OBJECTS.items():
            if not kinds or manifest["kind"] in kinds:
                yield from _seed(clean, number, mutation, name, change)
    for mutation, stranger in STRANGERS.items():
        yield Seed(mutation, f"{stranger['kind']}/{stranger['metadata']['name']}", [*deepcopy(clean), stranger])


def _inner(key: str, place: int, change: Change) -> Change:
    return lambda made: change(pod_spec(made)[key][place])


def _seed(clean: list[Object], number: int, mutation: str, place: str, change: Change) -> Iterator[Seed]:
    made = deepcopy(clean)
    try:
        change(made[number])
    except Unfit:
        return
    assert made != clean, f"{mutation} in {place} changes nothing"
    yield Seed(mutation, place, [one for one in made if one])  # an emptied object is one that was removed


def pod_spec(manifest: Object) -> Object:
    if manifest["kind"] not in {"Deployment", "StatefulSet", "Job", "CronJob"}:
        return {}
    if manifest["kind"] == "CronJob":
        manifest = manifest["spec"]["jobTemplate"]
    found: Object = manifest["spec"]["template"]["spec"]
    return found


def fit(condition: object) -> None:
    if not condition:
        raise Unfit


def bare(image: str) -> str:
    """The image's name without tag and digest."""
    name = image.split("@")[0]
    folder, _, last = name.rpartition("/")
    last = last.split(":")[0]
    return f"{folder}/{last}" if folder else last
