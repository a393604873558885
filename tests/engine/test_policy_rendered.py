"""The policies and checkov on what the stacks of a recorded machine would put on a cluster."""

import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from homelab import policy
from homelab.policy import checkov
from homelab.render import write
from seeds import CANARY, seeds
from unit.rendering import machine, objects, rendered
from unit.test_scale_out import six

HOST = "desktop-32g"


STACKS = ("phase1-core", "phase2-pipeline")
"""Those of a lab without machines beside the cluster."""


@pytest.mark.parametrize(
    ("stack", "lab"), [*((stack, "one machine") for stack in STACKS), ("phase1-core", "six machines")]
)
def test_at_least_95_of_100_violations_seeded_into_a_stack_are_caught(stack: str, lab: str) -> None:
    what = machine(HOST) if lab == "one machine" else six()
    clean = [deepcopy(dict(manifest)) for manifest in objects(what, stack)]
    for manifest in clean:
        if manifest["kind"] == "Secret":
            given = manifest["stringData"]
            # in place of the mask; who signs in is no secret
            manifest["stringData"] = {key: text if key == "username" else CANARY for key, text in given.items()}
    ledger = replace(policy.ledger_of(what.lab, what.plan), secrets={CANARY: "nats.password"})
    assert policy.check(clean, ledger) == ()
    sown, missed, kinds = 0, [], set()
    for seed in seeds(clean):
        sown += 1
        kinds.add(seed.mutation)
        if not policy.check(seed.manifests, ledger):
            missed.append(str(seed))
    sys.stdout.write(f"{sown - len(missed)} of {sown} violations of {len(kinds)} kinds are caught; {missed}\n")
    assert len(missed) <= 0.05 * sown, missed
    assert len(kinds) >= 30


def test_checkov_finds_nothing_beyond_the_written_reasons(tmp_path: Path) -> None:
    if not checkov.PROGRAM.exists():
        pytest.skip("checkov is not there: ./lab check-manifests brings it")
    for stack in STACKS:
        write(tmp_path / stack, rendered(HOST, stack))
    assert [str(violation.problem) for violation in checkov.ask(tmp_path)] == []
