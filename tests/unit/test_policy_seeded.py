"""The policy pack against manifests that are broken on purpose, in every way and place that we can think of."""

import sys

import seeds
import seeds_containers  # noqa: F401  their mutations enter the table
import seeds_flows  # noqa: F401
import seeds_objects  # noqa: F401
import seeds_pods  # noqa: F401
import seeds_secrets  # noqa: F401
from manifests import LEDGER, clean

from homelab.policy import check


def test_at_least_95_of_100_seeded_violations_are_caught() -> None:
    sown = list(seeds.seeds(clean()))
    missed = [str(seed) for seed in sown if not check(seed.manifests, LEDGER)]
    kinds = len({seed.mutation for seed in sown})
    caught = len(sown) - len(missed)
    sys.stdout.write(f"{caught} of {len(sown)} violations of {kinds} kinds are caught; missed: {missed}\n")
    assert len(sown) >= 300
    assert kinds >= 30
    assert len(missed) <= 0.05 * len(sown), missed
