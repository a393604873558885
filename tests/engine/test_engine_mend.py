"""What a killed engine leaves in its state, hand-made, and what the next run makes of it."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control_plane import ControlPlane
from stack import Stack

JOBS = "/apis/batch/v1"


def state(stack: Stack) -> Path:
    return stack.state / "backend/.pulumi/stacks/homelab/test.json"


def resource(stack: Stack, name: str) -> Any:
    latest = json.loads(state(stack).read_text())["checkpoint"]["latest"]
    (found,) = (one for one in latest["resources"] if one["urn"].endswith(f"::{name}"))
    return found


def interrupt(stack: Stack, operation: str, wanted: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """The state of an engine that was killed while it brought an object from `before` to `wanted`."""
    text = json.loads(state(stack).read_text())
    latest = text["checkpoint"]["latest"]
    rest = [one for one in latest["resources"] if one["urn"] != wanted["urn"]]
    latest["resources"] = rest if before is None else [*rest, before]
    latest["pending_operations"] = [
        *(latest.get("pending_operations") or ()),
        {"resource": wanted, "type": operation},
    ]
    state(stack).write_text(json.dumps(text))


def forget(stack: Stack, job: str) -> None:
    """Killed after the server made the job, and before the engine heard of it."""
    made = resource(stack, job)
    begun = {key: value for key, value in made.items() if key not in {"id", "outputs"}}
    interrupt(stack, "creating", begun, None)


def job(stack: Stack) -> Any:
    return stack.objects("jobs", JOBS)["once"]


def test_an_object_that_was_made_is_known_again_as_it_is(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "mended", "jobs": {"once": "first:1"}})
    stack.up()
    before = job(stack)["metadata"]["uid"]
    forget(stack, "once")
    assert stack.up().changes == {"same": 4}
    assert job(stack)["metadata"]["uid"] == before


def test_an_object_that_was_made_and_is_wanted_otherwise_is_made_anew(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    """A job's pods are those of its first apply: Kubernetes changes none."""
    stack = Stack(tmp_path, cluster, {"namespace": "mended-anew", "jobs": {"once": "first:1"}})
    stack.up()
    forget(stack, "once")
    stack.wanted["jobs"] = {"once": "second:2"}
    stack.up()
    assert job(stack)["spec"]["template"]["spec"]["containers"][0]["image"] == "second:2"


def test_a_change_that_did_not_arrive_is_made(cluster: ControlPlane, tmp_path: Path) -> None:
    """A value, a field that was to go, and a value that the server never shows."""
    more = {"namespace": "mended-late", "config_maps": 1, "secrets": ["old"], "more": {"gone": "soon"}}
    stack = Stack(tmp_path, cluster, more)
    stack.up()
    before = {name: resource(stack, name) for name in ("config-0", "secret-0")}
    stack.wanted |= {"more": {}, "data": "second", "secrets": ["new"]}
    stack.up()
    wanted = {name: resource(stack, name) for name in before}
    stack.wanted = more
    stack.up()  # the server is where it was before
    stack.wanted = more | {"more": {}, "data": "second", "secrets": ["new"]}
    for name in before:
        interrupt(stack, "updating", wanted[name], before[name])
    stack.up()
    assert stack.objects()["config-0"]["data"] == {"value": "second", "number": "0"}
    assert stack.objects("secrets")["secret-0"]["data"] == {"value": base64.b64encode(b"new").decode()}
