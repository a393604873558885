"""The encrypted secrets of a cluster, the key that opens them, and the recovery key that must not stay."""

from collections.abc import Iterator

from homelab.doctor.finding import Finding
from homelab.doctor.keys import closed
from homelab.document.source import shown
from homelab.lab import Lab
from homelab.sops import Place, place, problems


def findings(lab: Lab) -> Iterator[Finding]:
    """Nothing but a hint for a lab without a cluster that has none."""
    here = place(lab)
    if lab.cluster is None and not here.names():
        yield Finding("secrets.files", shown(here.folder), "ok", "none yet, and none needed without a cluster")
        return
    yield from files(lab, here)
    yield own_key(here)
    if here.recovery.exists():
        yield recovery(here)


def files(lab: Lab, here: Place) -> Iterator[Finding]:
    found = problems(lab)
    for problem in found:
        evidence = " · ".join(filter(None, (problem.given, problem.rule)))
        yield Finding("secrets.files", problem.where, "fail", evidence, problem.fix)
    if not found:
        evidence = f"{len(here.names())}, encrypted for all of {shown(here.rules)}"
        yield Finding("secrets.files", shown(here.folder), "ok", evidence)


def own_key(here: Place) -> Finding:
    """Absent it is no fault: somebody else may be the one who deploys, or sops may be given the key otherwise."""
    if not here.key_file.exists():
        evidence = f"{here.key_file}: there is no such file"
        mend = "bring it, to deploy from here; ./lab secrets-init makes one for a new lab"
        return Finding("secrets.key", here.key_file.name, "warn", evidence, mend)
    return closed("secrets.key", here.key_file.name, here.key_file)


def recovery(here: Place) -> Finding:
    evidence = f"{here.recovery}: the recovery key is still on this machine"
    mend = "copy it to a place off this machine, then delete it here"
    return Finding("secrets.recovery", here.recovery.name, "warn", evidence, mend)
