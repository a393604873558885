"""What a host's servers of models serve, what the next step up would need, and the card's own ledger."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from homelab.budget import Budget, Serving, Vram
from homelab.budget.models import NAMES
from homelab.cli.output import percent, table
from homelab.units import human_mib

NUMBERS = ("MiB", "of VRAM")


def servings(budget: Budget) -> Iterator[RenderableType]:
    """Nothing for a host that serves no models."""
    if budget.vram is not None:
        yield _card(budget.vram)
    for name, serving in budget.servings.items():
        yield _setup(name, serving)


def _card(vram: Vram) -> RenderableType:
    total = vram.total.value
    rows = table("on the card", *NUMBERS, numbers=NUMBERS, sums={"on the card": "sum", "MiB": str(total)})
    rest = {"kept from models": vram.kept.value} | {name: share.value for name, share in vram.shares.items()}
    for name, mib in (rest | {"free": vram.free_mib}).items():
        rows.add_row(name, str(mib), percent(mib, total))
    return rows


def _setup(name: str, serving: Serving) -> RenderableType:
    setup = serving.fit.setup
    text = Text(name, style="bold")
    text.append(
        f" · {setup} · {human_mib(setup.mib)} of {human_mib(serving.memory.value)} {NAMES[serving.pool]}",
        style="not bold",
    )
    if setup.at_once < len(setup.models):
        text.append(f" · {setup.at_once} loaded at a time", style="not bold")
    steps = ", ".join(f"{step.what} with {human_mib(step.mib)}{step.disk}" for step in serving.fit.steps)
    text.append(f"\n  next: {steps or 'nothing is better than this'}", style="dim not bold")
    return text
