"""The program of every stack: load, plan, pick the phase by the stack's name, declare it."""

import pulumi

from homelab import lab, planner
from homelab.errors import HomelabError
from homelab.phases import here
from homelab.phases.table import PHASES


def main() -> None:
    """Ends with the problems alone where they are the person's: no traceback."""
    try:
        known = lab.load()
        site = here.site(known, planner.plan_lab(known))
        PHASES[pulumi.get_stack()].program()(site)
    except HomelabError as refusal:
        raise pulumi.RunError(str(refusal)) from None


main()
