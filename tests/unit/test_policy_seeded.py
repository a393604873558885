"""The policies against hand-written manifests that are broken on purpose, in every way that we can think of."""

import sys

from manifests import LEDGER, clean

from homelab.policy import check
from seeds import seeds


def test_at_least_95_of_100_seeded_violations_are_caught() -> None:
    sown = list(seeds(clean()))
    missed = [str(seed) for seed in sown if not check(seed.manifests, LEDGER)]
    kinds = len({seed.mutation for seed in sown})
    caught = len(sown) - len(missed)
    sys.stdout.write(f"{caught} of {len(sown)} violations of {kinds} kinds are caught; missed: {missed}\n")
    assert len(sown) >= 300
    assert kinds >= 30
    assert len(missed) <= 0.05 * len(sown), missed
