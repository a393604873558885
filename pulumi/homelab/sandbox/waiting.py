"""Waiting until the sandbox is so far, or saying which of its programs keeps it from being."""

import time
from collections.abc import Callable, Iterable

from homelab.errors import Problem, SandboxError
from homelab.local.supervisord import State, connect
from homelab.local.wait import last_lines
from homelab.sandbox.layout import Machine

LOOK_EVERY = 0.1
"""Seconds between two looks; one costs a request."""

WITHIN = 120.0
"""Seconds for any one condition, on two busy cores; all together take about 20 on idle ones."""

RESTARTS = 5
"""A program that ended this often while it was waited for will not start. What needs the API server ends two or
three times before that is there."""


def until(condition: Callable[[], bool], what: str, machines: Iterable[Machine]) -> None:
    """Return once `condition` holds. Raises SandboxError naming a program that keeps ending, or `what`."""
    deadline = time.monotonic() + WITHIN
    before = {one.name: states(one) for one in machines}
    watched = list(machines)
    while not condition():
        for one in watched:
            for program, state in states(one).items():
                earlier = before[one.name].get(program)
                if state.restarts - (earlier.restarts if earlier else 0) > RESTARTS:
                    raise _failed(one, program, "it ends again and again")
        if time.monotonic() > deadline:
            raise SandboxError(
                Problem("sandbox", f"{what} is not there after {WITHIN:.0f} s", "", "./lab sandbox-status")
            )
        time.sleep(LOOK_EVERY)


def states(one: Machine) -> dict[str, State]:
    """The machine's programs; none while its supervisord does not answer."""
    try:
        with connect(one.folders) as supervisor:
            return supervisor.states()
    except OSError:
        return {}


def _failed(one: Machine, program: str, given: str) -> SandboxError:
    said = " / ".join(last_lines(one.folders, program)) or "nothing"
    fix = f"see {one.folders.log_of(program)}"
    return SandboxError(Problem(f"{program} of {one.name}", given, f"its log says: {said}", fix))
