"""`homelab check-manifests`: what may not reach a cluster, told before anything is near one."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from homelab.cli.output import Json, console, print_json, table


def check_manifests(
    stacks: Annotated[
        list[str] | None, typer.Argument(metavar="[STACK]…", help="such as phase1-core [default: all]")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="one host of lab.yaml, or a recorded machine [default: the whole lab]"),
    ] = None,
    place: Annotated[
        list[str] | None,
        typer.Option(metavar="CONSUMER", help="what a recorded machine runs, once for each [default: everything]"),
    ] = None,
    checkov: Annotated[bool, typer.Option("--checkov", help="ask checkov too, which takes some seconds")] = False,
    as_json: Json = False,
) -> None:
    """Render the stacks and judge them by the policies that also stop a preview; nothing is changed.

    Examples:
      homelab check-manifests
      homelab check-manifests phase1-core --host pi5-16g --checkov
    """
    from homelab import policy
    from homelab.document import meant
    from homelab.errors import InvalidInput
    from homelab.lab import load
    from homelab.phases.table import PHASES
    from homelab.render import chosen, manifests, write

    for stack in stacks or ():
        if stack not in PHASES:
            raise typer.BadParameter(f"{stack!r} is no stack; {meant(stack, list(PHASES))}", param_hint="STACK")
    lab = load()
    if place and (host is None or host in lab.hosts):
        raise typer.BadParameter("is of a recorded machine; lab.yaml places on its own", param_hint="--place")
    what = chosen(lab, host, place)
    ledger = policy.ledger_of(what.lab, what.plan)
    violations: list[policy.Violation] = []
    counts: dict[str, int] = {}
    left_out: dict[str, InvalidInput] = {}
    with tempfile.TemporaryDirectory() as folder:
        for stack in stacks or PHASES:
            try:
                found = manifests(stack, what)
            except InvalidInput as refusal:
                if stacks:
                    raise
                left_out[stack] = refusal  # a phase that this lab does not have
                continue
            counts[stack] = len(found)
            violations += policy.check(found, ledger)
            write(Path(folder) / stack, found)
        if not counts:
            raise InvalidInput(*(problem for why in left_out.values() for problem in why.problems))
        if checkov:
            violations += policy.checkov.ask(Path(folder))
    if violations:
        raise policy.PolicyViolated(tuple(violations))
    if as_json:
        answer = {"schema": "policy/1", "policies": len(policy.POLICIES), "objects": counts, "violations": []}
        print_json(answer | {"left_out": {stack: str(why) for stack, why in left_out.items()}})
        return
    shown = table("stack", "objects", "violations", numbers=("objects", "violations"))
    for stack, count in counts.items():
        shown.add_row(stack, str(count), "0")
    console().print(shown)
    for stack, why in left_out.items():
        console().print(f"left out: {stack} · {why.problems[0].given}", soft_wrap=True)
