"""The engine's own account of a run: its event log, one JSON document a line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SAME = "same"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did, or would do. `changes` counts resources by operation: create, update, same, …"""

    stack: str
    changes: Mapping[str, int]
    seconds: float

    @property
    def changed(self) -> int:
        return sum(count for operation, count in self.changes.items() if operation != SAME)

    def as_json(self) -> dict[str, object]:
        return {
            "schema": "stack-run/1",
            "stack": self.stack,
            "changes": dict(self.changes),
            "changed": self.changed,
            "seconds": round(self.seconds, 1),
        }


def summary(log: Path, stack: str, seconds: float) -> Summary:
    """From the last summary of the log: `up` may preview first. No summary at all means that nothing was done."""
    changes: dict[str, int] = {}
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        told = json.loads(line).get("summaryEvent")
        if told is not None:
            changes = {str(name): int(count) for name, count in (told.get("resourceChanges") or {}).items()}
    return Summary(stack, changes, seconds)
