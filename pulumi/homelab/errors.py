"""Every refusal that is the person's or the machine's fault.

HomelabError
├── InvalidInput     a file at the door (lab.yaml, facts, a profile) breaks its rules: all problems at once
├── AuditFailed      Ansible could not reach or measure a host
├── StaleFacts       facts of another machine, of an unknown schema, or too old
├── BudgetExceeded   the floors of what is placed do not fit the host: the whole sum, and ways out
├── MissingTool      a program or package that the recipe needs is not there
├── PolicyViolated   manifests that may not reach a cluster; with the policies, in homelab.policy
├── SecretsError     a secret is missing, cannot be opened, was changed or stands in clear
├── LocalError       the local platform cannot start or keep running (a taken port, a full disk)
├── ClusterError     the Kubernetes of lab.yaml does not answer, or refuses what it is asked
├── DeployRefused    what must hold before a cluster is changed does not hold
├── EngineFailed     Pulumi could not do what a stack asks; it has said why
├── StackLocked      another run has the stack
└── SandboxError     the Kubernetes of this machine cannot start, or does not answer

One place (`homelab.cli`) prints them; the exit code is 1. Wrong usage is 2, a failed validation 3.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """where · what you gave · the rule · the fix"""

    where: str
    given: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return " · ".join(part for part in (self.where, self.given, self.rule, self.fix) if part)


class HomelabError(Exception):
    """Carries its problems as fields; `str()` is for people, `as_json()` for programs."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "error/1",
            "error": type(self).__name__,
            "problems": [
                {"where": p.where, "given": p.given, "rule": p.rule, "fix": p.fix} for p in self.problems
            ],
        }


class InvalidInput(HomelabError):
    pass


class AuditFailed(HomelabError):
    pass


class StaleFacts(HomelabError):
    pass


@dataclass(frozen=True, slots=True)
class WayOut:
    """A change after which the plan holds; `saves_mib` is what the host then need not hold."""

    do: str
    saves_mib: int
    loses: str
    """What the lab then lacks; empty where it lacks nothing."""


class BudgetExceeded(HomelabError):
    """The floors do not fit. `lines` are (consumer, MiB) in the order in which they were asked for.

    `ways_out` begins with the cheapest; every one has been planned.
    """

    def __init__(
        self,
        host: str,
        resource: str,
        total_mib: int,
        wanted_mib: int,
        lines: tuple[tuple[str, int], ...],
        ways_out: tuple[WayOut, ...] = (),
    ) -> None:
        elsewhere = f"place {wanted_mib - total_mib} MiB of it elsewhere or leave it out"
        super().__init__(
            Problem(
                f"host {host}",
                f"{total_mib} MiB of {resource}, while what is placed on it needs {wanted_mib} MiB at least",
                "the floors of everything placed on a host, its reserve and its headroom must fit",
                ways_out[0].do if ways_out else elsewhere,
            )
        )
        self.host = host
        self.resource = resource
        self.total_mib = total_mib
        self.wanted_mib = wanted_mib
        self.lines = lines
        self.ways_out = ways_out

    def with_ways_out(self, ways_out: tuple[WayOut, ...]) -> "BudgetExceeded":
        return BudgetExceeded(self.host, self.resource, self.total_mib, self.wanted_mib, self.lines, ways_out)

    def as_json(self) -> dict[str, Any]:
        return {
            "schema": "refusal/1",
            "host": self.host,
            "resource": self.resource,
            "total_mib": self.total_mib,
            "wanted_mib": self.wanted_mib,
            "lines": [{"consumer": consumer, "wanted_mib": mib} for consumer, mib in self.lines],
            "ways_out": [{"do": w.do, "saves_mib": w.saves_mib, "loses": w.loses} for w in self.ways_out],
        }


class MissingTool(HomelabError):
    pass


class SecretsError(HomelabError):
    pass


class LocalError(HomelabError):
    pass


class SandboxError(HomelabError):
    pass


class ClusterError(HomelabError):
    pass


class DeployRefused(HomelabError):
    pass


class EngineFailed(HomelabError):
    pass


class StackLocked(HomelabError):
    pass
