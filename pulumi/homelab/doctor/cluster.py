"""What the recipes of a cluster need of this machine, asked by the very checks that those recipes begin with."""

import os
from collections.abc import Callable, Iterator

from homelab.doctor.finding import Finding, Id, State
from homelab.errors import HomelabError
from homelab.lab import Lab


def findings(lab: Lab) -> Iterator[Finding]:
    """None for a lab without a cluster."""
    if lab.cluster is None:
        return
    yield from asked("cluster.engine", "pulumi-up", "warn", _engine)
    yield from asked("cluster.secrets", "secrets", "warn", _secrets)
    yield from asked("cluster.images", "images", "ok", _images)
    yield from asked("cluster.images", "base image", "ok", _base)
    yield from asked("cluster.sandbox", "sandbox-up", "ok", _sandbox)


def asked(finding: Id, subject: str, worst: State, ask: Callable[[], str]) -> Iterator[Finding]:
    """`ask` says what is there; where it refuses, each problem is a finding in the state `worst`.

    No fault, for another machine may be the one that deploys; `ok` where the recipe may never be wanted at all.
    """
    try:
        evidence = ask()
    except HomelabError as refusal:
        for problem in refusal.problems:
            given = " · ".join(filter(None, (problem.given, problem.rule)))
            yield Finding(finding, subject, worst, given, problem.fix)
        return
    yield Finding(finding, subject, "ok", evidence)


def _engine() -> str:
    from homelab.engine.programs import programs, pulumi_home

    found = programs(os.environ, pulumi_home(os.environ))
    plugin = "the sandbox's stand-in for its Kubernetes plugin" if found.stand_in else "its Kubernetes plugin"
    return f"{found.pulumi} and {plugin}"


def _secrets() -> str:
    from homelab.sops.programs import age_keygen, sops

    return f"{sops()} and {age_keygen()}"


def _images() -> str:
    from homelab.images import store

    store.present()
    return "buildah"


def _base() -> str:
    from homelab.images import debian

    debian.possible()
    return "mmdebstrap and root"


def _sandbox() -> str:
    from homelab.sandbox import checks

    checks.machine()
    return "root, cgroups, containerd and the programs beside it"
