"""What is wrong on this machine, and how to mend it. Looks only: nothing is started, written or sent.

`examine` asks one module per group of checks; each reads the machine in one place and judges in pure functions.
"""

from collections.abc import Iterator

from homelab.doctor import cgroups, clock, cluster, disk, facts, kernel, keys, lab, ports, secrets, tools
from homelab.doctor.finding import Finding, Id, State, holds

__all__ = ["Finding", "Id", "State", "examine", "holds"]


def examine() -> Iterator[Finding]:
    """Every finding, group by group; what depends on a lab file that cannot be read is left out."""
    yield from tools.findings()
    yield from kernel.findings()
    yield from cgroups.findings()
    yield from clock.findings()
    read, problems = lab.findings()
    yield from problems
    if read is not None:
        yield from disk.findings(read)
        yield from ports.findings(read)
        yield from keys.findings(read)
        yield from secrets.findings(read)
        yield from cluster.findings(read)
        yield from facts.findings(read)
