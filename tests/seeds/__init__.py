"""Manifests that are broken on purpose: `seeds(clean)` makes each thing wrong that may be, in each place."""

from seeds import containers, flows, objects, pods, secrets
from seeds.mutation import Seed, seeds
from seeds.secrets import CANARY

__all__ = ["CANARY", "Seed", "containers", "flows", "objects", "pods", "secrets", "seeds"]
