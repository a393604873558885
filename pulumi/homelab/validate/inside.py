"""What a phase promises, asked from where its workloads stand: by a Job of its suspended CronJob."""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from homelab.consumers import NAMESPACE
from homelab.errors import ClusterError
from homelab.kube.client import Kube, Object
from homelab.kube.why import hopeless, why
from homelab.validate.outcome import Outcome, failed, held
from homelab.validate.patience import AGAIN, Patience

PREFIX = "checks-"
"""How the names of such CronJobs begin."""

HELD, NOT_HELD = 0, 3
"""What the program ends with when all holds, or something does not; anything else is its own failure."""

ENDED = ("Succeeded", "Failed")

LOGS = {
    "nats": "statefulset/nats",
    "objects": "statefulset/garage",
    "postgres": "statefulset/supabase-postgres",
    "oxigraph": "statefulset/oxigraph",
    "litellm": "deployment/litellm",
    "embedding model": "deployment/embedder",
    "pipeline": "deployment/docling",
    "query": "deployment/api",
    "gateway": "deployment/context-forge",
    "collector": "deployment/collector",
    "openobserve": "statefulset/openobserve",
}
"""What an answer calls a service → whose log tells more."""

Tell = Callable[[str], None]


def outcomes(kube: Kube, stack: str, name: str, patience: Patience, tell: Tell) -> Iterator[Outcome]:
    """Of the CronJob `name`. The Job that is started for it is gone when this returns. Raises ClusterError."""
    crons = {one["metadata"]["name"]: one for one in kube.listed("CronJob")[0]}
    if name not in crons:
        yield failed(name, "there is no such CronJob", f"./lab pulumi-up --stack {stack}")
        return
    run = f"{name}-{secrets.token_hex(3)}"
    tell(f"asking from inside: {run}")
    kube.job_from(crons[name], run)
    try:
        yield from _answers(kube, name, run, patience)
    finally:
        kube.end_job(run)


def ran(kube: Kube, stack: str, name: str, patience: Patience, tell: Tell) -> Outcome:
    """Whether the CronJob `name` runs to its end; how good its answers are is for a person to judge."""
    found = tuple(outcomes(kube, stack, name, patience, tell))
    broken = next((one for one in found if one.name == name), None)
    if broken is not None:
        return failed(f"{name} runs", broken.evidence, broken.mend)
    good = sum(one.state == "held" for one in found)
    return held(f"{name} runs", f"to its end: {good} of {len(found)} answers are as they should be")


def _answers(kube: Kube, name: str, run: str, patience: Patience) -> Iterator[Outcome]:
    pod = _started(kube, run, patience)
    if pod is None or not _state(pod).keys() & {"running", "terminated"}:
        reason = why([pod] if pod else [], kube.listed("Event")[0], run)
        yield failed(name, f"its pod did not start; {reason.given}", reason.mend)
        return
    told, last = 0, ""
    pod_name = pod["metadata"]["name"]
    try:
        for line in kube.log(pod_name, max(1.0, patience.left)):
            if (outcome := _outcome(line)) is not None:
                told += 1
                yield outcome
            elif line.strip():
                last = line.strip()
    except ClusterError as error:
        yield failed(name, f"no more answers: {error.problems[0].given}", "again with a longer --patience")
        return
    code = _code(kube, run, patience)
    if code not in {HELD, NOT_HELD} or not told:
        look = "./lab images brings the image; then ./lab pulumi-up" if code == 2 else "again"
        yield failed(name, f"it ended with {code} after {told} answers: {last or 'it said nothing'}", look)


def _started(kube: Kube, run: str, patience: Patience) -> Object | None:
    """The Job's pod once its container runs or has ended, or never can; as it is when patience ends."""

    def told(pod: Object) -> bool:
        return "running" in _state(pod) or pod["status"]["phase"] in ENDED or patience.in_vain(hopeless(pod))

    return _pod(kube, run, patience, told)


def _code(kube: Kube, run: str, patience: Patience) -> int | None:
    """What its container ended with."""
    pod = _pod(kube, run, patience, lambda pod: "terminated" in _state(pod))
    ended = {} if pod is None else _state(pod).get("terminated", {})
    code: int | None = ended.get("exitCode")
    return code


def _pod(kube: Kube, run: str, patience: Patience, wanted: Callable[[Object], bool]) -> Object | None:
    label = f"batch.kubernetes.io/job-name={run}"
    while True:
        listed, version = kube.listed("Pod", label)
        pod = listed[0] if listed else None
        if (pod is not None and wanted(pod)) or patience.over:
            return pod
        for changed in kube.changes("Pod", version, min(AGAIN, patience.left), label):
            if wanted(changed):
                return changed


def _state(pod: Object) -> dict[str, Any]:
    statuses = pod.get("status", {}).get("containerStatuses", ())
    state: dict[str, Any] = statuses[0].get("state", {}) if statuses else {}
    return state


def _outcome(line: str) -> Outcome | None:
    """None for a line of its log, which comes by the same way."""
    if not line.startswith("{"):
        return None
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not {"name", "held", "evidence"} <= answer.keys():
        return None
    if answer["held"]:
        return held(answer["name"], answer["evidence"])
    return failed(answer["name"], answer["evidence"], _mend(answer["evidence"]))


def _mend(evidence: str) -> str:
    where, _, _ = evidence.partition(":")
    return f"kubectl -n {NAMESPACE} logs {LOGS[where]}" if where in LOGS else "./lab status shows what waits"
