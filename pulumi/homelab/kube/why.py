"""Why a workload's pods are not ready, in one line, and what mends it: from the pods and their events. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from homelab.consumers import NAMESPACE

Object = Mapping[str, Any]

OOM = 137  # 128 + SIGKILL: what a container ends with that used more than its limit

LONGEST = 200
"""Characters of what Kubernetes says; events quote whole pages."""

STARTING = ("ContainerCreating", "PodInitializing")
IMAGES = ("ErrImageNeverPull", "ErrImagePull", "ImagePullBackOff", "InvalidImageName")
LOCAL = "localhost/"
"""How the names of images begin that nobody serves: they come to a node by an import alone."""


@dataclass(frozen=True, slots=True)
class Why:
    """`given` is what was seen, `mend` what a person does about it."""

    given: str
    mend: str


def why(pods: Sequence[Object], events: Iterable[Object], owner: str) -> Why:
    """Of the pods that are not ready the one that says most; `owner` is the workload's name."""
    told = sorted(events, key=_moment)
    found = [_of_pod(pod, told) for pod in pods if not _ready(pod)]
    if found:
        return max(found, key=lambda one: one[0])[1]
    warned = _last(told, lambda name: name == owner or name.startswith(f"{owner}-"))
    if warned:
        return Why(f"no pod is made: {warned}", f"kubectl -n {NAMESPACE} get events")
    return Why("its pods are ready, and it has not seen that yet", "again in a moment")


def hopeless(pod: Object) -> bool:
    """Whether it waits for one of our images that is not on its node, for which waiting brings nothing."""
    return any(
        container["image"].startswith(LOCAL) and container["state"].get("waiting", {}).get("reason") in IMAGES
        for container in _containers(pod)
    )


def _containers(pod: Object) -> Sequence[Object]:
    status = pod.get("status", {})
    return (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))


def _of_pod(pod: Object, events: Sequence[Object]) -> tuple[int, Why]:
    """With its weight: what will not pass by itself says more than what may."""
    name, status = pod["metadata"]["name"], pod.get("status", {})
    look = f"kubectl -n {NAMESPACE} describe pod {name}"
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            given = f"{name} fits no node: {_short(condition.get('message', ''))}"
            return 4, Why(given, f"./lab plan shows what each host holds; {look}")
    for container in _containers(pod):
        if ended := _ended(name, container):
            return 5, ended
        waiting = container.get("state", {}).get("waiting")
        if waiting is not None and waiting.get("reason") not in STARTING:
            return 3, _waits(name, container, waiting)
    warned = _last(events, lambda subject: subject == name)
    if warned:
        return 2, Why(f"{name}: {warned}", look)
    return 1, Why(f"{name} is {status.get('phase', 'unknown').lower()} and not ready yet", look)


def _ended(name: str, container: Object) -> Why | None:
    """How its container ended last, where that was no success."""
    for kept in (container.get("state", {}), container.get("lastState", {})):
        ended = kept.get("terminated")
        if ended is None:
            continue
        if ended.get("exitCode") == 0:
            return None
        consumer = container["name"]
        if ended.get("reason") == "OOMKilled" or ended.get("exitCode") == OOM:
            given = f"{name}: {consumer} was killed for memory (OOMKilled), {container['restartCount']} restarts"
            return Why(given, "./lab plan shows its limit; ./lab drift proposes another profile")
        given = f"{name}: {consumer} ended with {ended.get('exitCode')}, {container['restartCount']} restarts"
        return Why(given, f"kubectl -n {NAMESPACE} logs {name} -c {consumer} --previous")
    return None


def _waits(name: str, container: Object, waiting: Object) -> Why:
    reason, message = waiting.get("reason", "it waits"), _short(waiting.get("message", ""))
    given = f"{name}: {reason} {container['image']}" if reason in IMAGES else f"{name}: {reason} {message}"
    if reason in IMAGES:
        fix = "./lab images --import brings our images to this node; --push to the registry of lab.yaml"
        return Why(given, fix)
    return Why(given.strip(), f"kubectl -n {NAMESPACE} describe pod {name}")


def _ready(pod: Object) -> bool:
    status = pod.get("status", {})
    if status.get("phase") == "Succeeded":
        return True
    return any(one["type"] == "Ready" and one["status"] == "True" for one in status.get("conditions", ()))


def _last(events: Sequence[Object], wanted: Any) -> str:
    """What the last warning about it says; empty where there is none."""
    return next(_warnings(events, wanted), "")


def _warnings(events: Sequence[Object], wanted: Any) -> Iterator[str]:
    for event in reversed(events):
        if event.get("type") == "Warning" and wanted(event["involvedObject"]["name"]):
            yield f"{event['reason']}: {_short(event.get('message', ''))}"


def _moment(event: Object) -> str:
    """RFC 3339 in UTC, which sorts as text."""
    return event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
