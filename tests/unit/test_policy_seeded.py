"""The policy pack against manifests that are broken on purpose, in every way and place that we can think of."""

import sys
from pathlib import Path

import seeds
import seeds_containers  # noqa: F401  their mutations enter the table
import seeds_flows  # noqa: F401
import seeds_objects  # noqa: F401
import seeds_pods  # noqa: F401
import seeds_secrets  # noqa: F401
import yaml

from homelab.policy import Allowance, Ledger, check

MIB, GIB = 1024**2, 1024**3
CLEAN = yaml.safe_load((Path(__file__).parents[1] / "fixtures/manifests/clean.yaml").read_text(encoding="utf-8"))
LEDGER = Ledger(
    {
        "nats": Allowance("nats", 1024 * MIB, 400, 1),
        "docling": Allowance("extract", 640 * MIB, 2000, 3),
        "bootstrap": Allowance("api", 256 * MIB, 500, 1),
    },
    {"nats": 20 * GIB},
)


def test_the_clean_set_raises_no_alarm() -> None:
    assert [str(violation.problem) for violation in check(CLEAN, LEDGER)] == []


def test_at_least_95_of_100_seeded_violations_are_caught() -> None:
    sown = list(seeds.seeds(CLEAN))
    missed = [str(seed) for seed in sown if not check(seed.manifests, LEDGER)]
    kinds = len({seed.mutation for seed in sown})
    caught = len(sown) - len(missed)
    sys.stdout.write(f"{caught} of {len(sown)} violations of {kinds} kinds are caught; missed: {missed}\n")
    assert len(sown) >= 300
    assert kinds >= 30
    assert len(missed) <= 0.05 * len(sown), missed
