"""The phases to be measured, without policies: a stack that is none of them has them all."""

import pulumi

from homelab import lab, planner
from homelab.phases import here
from homelab.phases.table import PHASES

known = lab.load()
site = here.site(known, planner.plan_lab(known))
stack = pulumi.get_stack()
for phase in [PHASES[stack]] if stack in PHASES else PHASES.values():
    phase.program()(site)
