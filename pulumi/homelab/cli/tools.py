"""`homelab tools`: build programs that no Python package carries."""

from typing import Annotated

import typer

from homelab.cli.output import Json, print_json
from homelab.errors import InvalidInput, Problem
from homelab.tools import GROUPS, TOOLS
from homelab.tools.build import build
from homelab.tools.prune import prune

Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="tools to build [default: list them]")]


def tools(
    names: Names = None,
    superseded: Annotated[
        bool, typer.Option("--prune", help="remove builds that no pin names, unless they run")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build pinned tools from source into a cache outside the checkout, or list them.

    Examples:
      homelab tools
      homelab tools garage
      homelab tools sandbox
      homelab tools --prune
    """
    if superseded:
        if names:
            raise typer.BadParameter("removes what no pin names; build in a run of its own", param_hint="--prune")
        _prune(as_json)
        return
    wanted = list(dict.fromkeys(tool for name in names or () for tool in GROUPS.get(name, (name,))))
    if unknown := [name for name in wanted if name not in TOOLS]:
        rule = f"the pinned tools are {', '.join(TOOLS)}; {', '.join(GROUPS)} is several of them"
        raise InvalidInput(*(Problem("tools", name, rule, "name one of them") for name in unknown))
    build(*(TOOLS[name] for name in wanted))
    rows = [
        {"name": tool.name, "version": tool.version, "home": str(tool.home) if tool.built else None}
        for tool in (TOOLS[name] for name in wanted or TOOLS)
    ]
    if as_json:
        print_json({"schema": "tools/1", "tools": rows})
        return
    for row in rows:
        state = row["home"] or f"not built ({TOOLS[str(row['name'])].takes}): ./lab tools {row['name']}"
        typer.echo(f"{row['name']} {row['version']} · {state}")


def _prune(as_json: bool) -> None:
    removed = prune()
    if as_json:
        print_json({"schema": "tools-prune/1", "removed": [str(path) for path in removed]})
        return
    for path in removed:
        typer.echo(f"removed {path.name}")
    if not removed:
        typer.echo("nothing to remove")
