"""The lab file, on which half of the other checks depend."""

from homelab.doctor.finding import Finding
from homelab.errors import InvalidInput
from homelab.lab import Lab, load


def findings() -> tuple[Lab | None, tuple[Finding, ...]]:
    """The lab and one finding, or none and a finding for each of its problems."""
    try:
        read = load()
    except InvalidInput as refusal:
        problems = refusal.problems
        return None, tuple(
            Finding("lab.file", problem.where, "fail", _told(problem.given, problem.rule), problem.fix)
            for problem in problems
        )
    hosts = ", ".join(read.hosts)
    return read, (Finding("lab.file", read.path.name, "ok", f"hosts {hosts}"),)


def _told(*parts: str) -> str:
    return " · ".join(filter(None, parts))
