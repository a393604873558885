"""One self-contained HTML page: no script, font or picture from elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from homelab.poster.drawing import ALONE, ONE_OF_MANY, drawing, overview
from homelab.situation import HostPlan
from homelab.units import human_mib

TEMPLATES = Path(__file__).parent / "templates"


def page(plans: Sequence[HostPlan]) -> str:
    """The page of all `plans`, at least one; the same bytes for the same plans."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # only a page pays for it

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    cores = sum(plan.budget.cores.value for plan in plans) / 1000
    return environment.get_template("page.html.j2").render(
        hosts=[drawing(plan, ALONE if len(plans) == 1 else ONE_OF_MANY) for plan in plans],
        overview=overview(plans) if len(plans) > 1 else (),
        width=ALONE,
        totals=(
            "one host" if len(plans) == 1 else f"{len(plans)} hosts",
            f"{human_mib(sum(plan.budget.total.value for plan in plans))} of memory",
            f"{cores:g} cores",
        ),
    )
