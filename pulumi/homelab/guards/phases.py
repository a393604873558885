"""The order of the phases: none is deployed on one that is not validated, none goes while another builds on it."""

from collections.abc import Iterator, Mapping

from homelab.errors import Problem
from homelab.guards.record import Record
from homelab.phases.table import PHASES


def built_on(stack: str, records: Mapping[str, Record], plan: str) -> Iterator[Problem]:
    """`plan` is the fingerprint of what would be deployed."""
    for needed in PHASES[stack].needs:
        rule = f"{stack} builds on {needed}"
        fix = f"./lab validate --stack {needed}"
        record = records.get(needed)
        if record is None:
            yield Problem(needed, "not validated since its last change", rule, fix)
        elif record.plan != plan:
            given = f"validated on {record.at:%Y-%m-%d %H:%M} UTC, for another plan"
            again = f"./lab pulumi-up --stack {needed}, then {fix}" if needed in PHASES else fix
            yield Problem(needed, given, rule, again)


def built_upon(stack: str, records: Mapping[str, Record]) -> Iterator[Problem]:
    for other in PHASES.values():
        if stack in other.needs and other.stack in records:
            given = f"{other.stack} is validated, and builds on it"
            yield Problem(stack, given, "the last phase goes first", f"./lab pulumi-down --stack {other.stack}")
