"""One promise and what came of it, and all of a stack together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["held", "does not hold", "left out"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`evidence` is what was seen, or why it was not asked; `mend` is empty for what held."""

    name: str
    state: State
    evidence: str
    mend: str = ""


def held(name: str, evidence: str) -> Outcome:
    return Outcome(name, "held", evidence)


def failed(name: str, evidence: str, mend: str) -> Outcome:
    return Outcome(name, "does not hold", evidence, mend)


def left_out(name: str, evidence: str, mend: str = "") -> Outcome:
    return Outcome(name, "left out", evidence, mend)


@dataclass(frozen=True, slots=True)
class Report:
    """`plan` is the fingerprint of what was validated, None where nothing can be planned; `at` is UTC."""

    stack: str
    plan: str | None
    at: datetime
    outcomes: Sequence[Outcome]

    @property
    def asked(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if one.state != "left out")

    @property
    def left_out(self) -> tuple[Outcome, ...]:
        return tuple(one for one in self.outcomes if one.state == "left out")

    @property
    def held(self) -> bool:
        """Something was asked, and all of it holds: what was left out counts for nothing."""
        return bool(self.asked) and all(one.state == "held" for one in self.asked)

    def as_json(self) -> dict[str, Any]:
        """`validate/1`: fields may be added, never renamed."""
        return {
            "schema": "validate/1",
            "stack": self.stack,
            "held": self.held,
            "plan": self.plan,
            "at": self.at.isoformat(timespec="seconds"),
            "outcomes": [
                {"name": one.name, "held": one.state == "held", "evidence": one.evidence, "mend": one.mend}
                for one in self.asked
            ],
            "left_out": [{"name": one.name, "reason": one.evidence, "mend": one.mend} for one in self.left_out],
        }
