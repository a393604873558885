"""How many examples a property is tried on: `HYPOTHESIS_PROFILE=full` in the environment asks for many."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", max_examples=100, deadline=None)
"""No deadline: a machine that is busy with something else is no failure."""

settings.register_profile(
    "full", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

settings.register_profile("mutation", max_examples=20, deadline=None, derandomize=True, database=None)
"""A survivor of mutation testing must survive again: no example is left to chance, and few are tried."""

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
