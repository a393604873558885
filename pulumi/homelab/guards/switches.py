"""The two variables that a person sets before anything of theirs is changed."""

from collections.abc import Iterator, Mapping

from homelab.errors import Problem

CONTROL_PLANE = "HOMELAB"
CONFIRM = "DEPLOY_CONFIRM"


def control_plane(environ: Mapping[str, str]) -> Iterator[Problem]:
    """The machine from which the lab is run says so: a checkout elsewhere cannot change a cluster by accident."""
    given = environ.get(CONTROL_PLANE)
    if given != "1":
        rule = "a cluster is changed from the control plane only"
        yield Problem(CONTROL_PLANE, _told(given), rule, f"export {CONTROL_PLANE}=1 on the control plane")


def agreed(environ: Mapping[str, str]) -> bool:
    return environ.get(CONFIRM) == "yes"


def confirmation(environ: Mapping[str, str], *, terminal: bool) -> Iterator[Problem]:
    """On a terminal the engine shows what it would do and asks; elsewhere nobody could answer."""
    given = environ.get(CONFIRM)
    if given != "yes" and not terminal:
        rule = "without a terminal nobody can be asked"
        yield Problem(CONFIRM, _told(given), rule, f"set {CONFIRM}=yes")


def _told(given: str | None) -> str:
    return "not set" if given is None else f"is {given!r}"
