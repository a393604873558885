"""`homelab explain`: the chain behind a number."""

from typing import Annotated

import typer

from homelab.cli.output import Json, console, print_json, table

Host = Annotated[
    str | None, typer.Option("--host", metavar="NAME", help="one host of lab.yaml [default: the first planned]")
]


def explain(
    name: Annotated[str, typer.Argument(metavar="CONSUMER.SETTING")], host: Host = None, as_json: Json = False
) -> None:
    """Why a value is what it is: fact, line of the profile, rule, clamp.

    Examples:
      homelab explain postgres.shared_buffers
      homelab explain nats.limit --host desktop --json
    """
    from homelab.cli.hosts import chosen
    from homelab.explain import explain as explained
    from homelab.lab import load

    found = explained(chosen(load(), host), name)
    if as_json:
        print_json(found.as_json())
        return
    out = console()
    out.print(f"{found.name} = {found.text}")
    rows = table("step", "value", "from", "because")
    for step in found.figure.chain:
        rows.add_row(step.kind, step.value, step.source, step.because)
    out.print(rows)
