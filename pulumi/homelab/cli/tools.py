"""`homelab tools`: build programs that no Python package carries."""

from typing import Annotated

import typer

from homelab.errors import InvalidInput, Problem
from homelab.tools import TOOLS
from homelab.tools.build import build


def tools(names: Annotated[list[str] | None, typer.Argument(metavar="NAME…")] = None) -> None:
    """Build pinned tools into the cache; without a name, list them."""
    if not names:
        for tool in TOOLS.values():
            typer.echo(f"{tool.name} {tool.version} · {tool.home if tool.built else f'not built, {tool.takes}'}")
        return
    unknown = [name for name in names if name not in TOOLS]
    if unknown:
        rule = f"the pinned tools are {', '.join(TOOLS)}"
        raise InvalidInput(*(Problem("tools", name, rule, "name one of them") for name in unknown))
    for name in names:
        typer.echo(f"{name} {TOOLS[name].version} · {build(TOOLS[name])}")
