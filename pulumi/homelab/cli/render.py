"""`homelab render`: the manifests of a phase, without a cluster."""

from pathlib import Path
from typing import Annotated

import typer

from homelab.cli.output import Json, console, print_json


def render(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="such as phase1-core")],
    host: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="one host of lab.yaml, or a recorded machine [default: the whole lab]"),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(metavar="CONSUMER", help="what a recorded machine runs, once for each [default: everything]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="write one YAML file for each object [default: print]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the objects that a stack would put on the cluster, from the same program; secrets are masked.

    Examples:
      homelab render phase1-core --out rendered
      homelab render phase1-core --host pi5-16g
      homelab render phase1-core | kubectl apply --dry-run=server -f -
    """
    from homelab.document import meant
    from homelab.lab import load
    from homelab.phases.table import PHASES
    from homelab.render import chosen, manifests, text, write

    if stack not in PHASES:
        raise typer.BadParameter(f"{stack!r} is no stack; {meant(stack, list(PHASES))}", param_hint="STACK")
    lab = load()
    if place and (host is None or host in lab.hosts):
        raise typer.BadParameter("is of a recorded machine; lab.yaml places on its own", param_hint="--place")
    found = manifests(stack, chosen(lab, host, place))
    if out is not None:
        folder = out.expanduser()
        files = write(folder, found)
        console("stderr").print(f"{len(files)} objects of {stack} in {folder}", soft_wrap=True)
    if as_json:
        print_json({"schema": "render/1", "stack": stack, "objects": found})
    elif out is None:
        typer.echo("---\n".join(map(text, found)), nl=False)
