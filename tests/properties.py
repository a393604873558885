"""How many examples a property is tried on: `HYPOTHESIS_PROFILE=full` in the environment asks for many."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", max_examples=100, deadline=None)
"""No deadline: a machine that is busy with something else is no failure."""

settings.register_profile(
    "full", max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
