"""What a policy has against a manifest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from homelab.errors import HomelabError, Problem


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule` is a stable id such as `images.pinned`; `object` is `Kind/name`, `path` a place within it.

    `given` never holds the value of a secret.
    """

    rule: str
    object: str
    path: str
    given: str
    why: str
    fix: str

    @property
    def problem(self) -> Problem:
        where = f"{self.object} {self.path}".rstrip()
        return Problem(where, self.given, f"{self.why} [{self.rule}]", self.fix)

    def as_json(self) -> dict[str, str]:
        return {
            "rule": self.rule,
            "object": self.object,
            "path": self.path,
            "given": self.given,
            "why": self.why,
            "fix": self.fix,
        }


Violations = Iterator[Violation]


class PolicyViolated(HomelabError):
    """Manifests that may not reach a cluster. Carries every violation."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        super().__init__(*(violation.problem for violation in violations))
        self.violations = violations

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"violations": [violation.as_json() for violation in self.violations]}
