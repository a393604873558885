"""Whether everything that a stack declares stands: waited for, with a bounded patience, and explained."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from homelab.kube.client import Kube, Object
from homelab.kube.standing import Standing, standing
from homelab.kube.why import hopeless, why
from homelab.validate.outcome import Outcome, failed, held
from homelab.validate.patience import AGAIN, Patience

KINDS = ("StatefulSet", "Deployment", "Job", "HorizontalPodAutoscaler")
"""One after another: what comes later starts meanwhile, so that waiting in turn takes no longer."""

SAID = {"Job": "ran", "HorizontalPodAutoscaler": "scales"}

LABEL = "app.kubernetes.io/name"
"""By which every object of the platform says which app it is of."""

Tell = Callable[[str], None]


def outcomes(
    kube: Kube, stack: str, manifests: Sequence[Object], patience: Patience, tell: Tell
) -> Iterator[Outcome]:
    """One for each workload and autoscaler of the stack. Raises ClusterError."""
    for kind in KINDS:
        apps = [app(one) for one in manifests if one["kind"] == kind]
        found = _settled(kube, kind, apps, patience, tell) if apps else {}
        for name in apps:
            yield _outcome(kube, stack, kind, name, found.get(name))


def app(found: Object) -> str:
    """The name of the app that an object is of; a Job's own has a digest behind it."""
    name: str = found["metadata"].get("labels", {}).get(LABEL, found["metadata"]["name"])
    return name


def pods_of(kube: Kube, name: str) -> list[Object]:
    return kube.listed("Pod", f"{LABEL}={name}")[0]


def _settled(kube: Kube, kind: str, apps: Sequence[str], patience: Patience, tell: Tell) -> dict[str, Object]:
    """The objects once waiting helps no more, or as they are when patience ends. An absent one is no key."""
    while True:
        listed, version = kube.listed(kind)
        known = _newest(one for one in listed if app(one) in apps)
        waiting = _waiting(kind, known)
        if not waiting or patience.over or patience.in_vain(_hopeless(kube, waiting)):
            return known
        tell(f"waiting for {', '.join(f'{name} ({state})' for name, state in waiting.items())}")
        # Until one of them moves; then all are looked at anew.
        next((one for one in kube.changes(kind, version, min(AGAIN, patience.left)) if app(one) in known), None)


def _hopeless(kube: Kube, apps: Iterable[str]) -> bool:
    """Whether each of them has a pod that can never start as things are."""
    return all(any(map(hopeless, pods_of(kube, name))) for name in apps)


def _newest(found: Iterable[Object]) -> dict[str, Object]:
    """Of each app; of equally old ones the one told last."""
    known: dict[str, Object] = {}
    for one in found:
        other = known.get(app(one))
        if other is None or _made(one) >= _made(other):
            known[app(one)] = one
    return known


def _made(found: Object) -> str:
    made: str = found["metadata"]["creationTimestamp"]
    return made


def _waiting(kind: str, known: dict[str, Object]) -> dict[str, str]:
    """What each of them is at that is neither ready nor given up."""
    states = {name: _standing(kind, found) for name, found in known.items()}
    return {name: state.told for name, state in states.items() if not state.ready and not state.over}


def _standing(kind: str, found: Object) -> Standing:
    return standing({**found, "kind": kind})  # an object of a list does not say its kind


def _outcome(kube: Kube, stack: str, kind: str, name: str, found: Object | None) -> Outcome:
    told = f"{name} {SAID.get(kind, 'ready')}"
    if found is None:
        return failed(told, f"there is no such {kind}", f"./lab pulumi-up --stack {stack}")
    state = _standing(kind, found)
    if state.ready:
        return held(told, state.told)
    if kind == "HorizontalPodAutoscaler":
        return failed(told, state.told, "the metrics API must answer: kubectl top pods -A")
    reason = why(pods_of(kube, name), kube.listed("Event")[0], name)
    return failed(told, f"{state.told}; {reason.given}", reason.mend)
