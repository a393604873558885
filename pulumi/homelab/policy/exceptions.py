"""Where a product does not allow what a policy asks: each with its reason, and none that is not needed."""

from dataclasses import dataclass

from homelab.policy.manifest import Manifests, title
from homelab.policy.violation import Violation, Violations


@dataclass(frozen=True, slots=True)
class Excepted:
    """`rule` may be broken by `object` where its violations' paths hold `within`."""

    rule: str
    object: str
    within: str
    reason: str

    def covers(self, violation: Violation) -> bool:
        return (self.rule, self.object) == (violation.rule, violation.object) and self.within in violation.path


EXCEPTIONS: tuple[Excepted, ...] = ()


def excepted(violation: Violation) -> bool:
    return any(exception.covers(violation) for exception in EXCEPTIONS)


def apply(manifests: Manifests, found: Violations, table: tuple[Excepted, ...] = EXCEPTIONS) -> Violations:
    """What is left of `found`. An exception whose object is there and needs it no more is a violation itself."""
    used = set()
    for violation in found:
        covering = [exception for exception in table if exception.covers(violation)]
        used.update(covering)
        if not covering:
            yield violation
    present = {title(manifest) for manifest in manifests}
    for exception in table:
        if exception.object in present and exception not in used:
            given = f"{exception.rule}: {exception.reason}"
            why, fix = "the object keeps the rule", "strike it from homelab/policy/exceptions.py"
            yield Violation("exceptions.used", exception.object, exception.within, given, why, fix)
