"""`homelab secrets …`: make, open and encrypt the platform's secrets."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated

import typer
from rich.text import Text

from homelab.cli.output import Json, console, print_json, table
from homelab.document.source import shown
from homelab.lab import load
from homelab.sops import Initialised, Secret, initialise
from homelab.sops.choice import encrypt_files, open_chosen, put, split

Chosen = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME[.KEY]…]", help="such as nats or nats.password [default: all]")
]


def init(as_json: Json = False) -> None:
    """Make every secret that is missing, encrypted for two keys; none that is there is changed.

    The first time it also makes what is absent of: your own age key, where sops looks for it; a recovery key; and
    .sops.yaml, which names both. After a change of .sops.yaml it encrypts every file anew for those named there.

    Examples:
      homelab secrets init
      homelab secrets init --json
    """
    done = initialise(load())
    if as_json:
        print_json(document(done))
        return
    rows = table("file", "state", "keys made")
    for file in done.files:
        rows.add_row(Text(shown(file.path)), file.state, Text(", ".join(file.keys)))
    screen = console()
    screen.print(rows)
    for line in next_steps(done):
        screen.print(Text(line))


def document(done: Initialised) -> dict[str, object]:
    return {
        "schema": "secrets-init/1",
        "recipients": list(done.recipients),
        "rules": str(done.place.rules),
        "made_keys": [str(path) for path in done.made_keys],
        "recovery_key": None if done.recovery is None else str(done.recovery),
        "files": [asdict(file) | {"path": str(file.path)} for file in done.files],
    }


def next_steps(done: Initialised) -> list[str]:
    """What the person does now; empty where nothing is left to do."""
    steps = []
    if done.place.key_file in done.made_keys:
        steps.append(
            f"Your own key was made: {done.place.key_file}. It opens every secret; it never goes into git."
        )
    if done.recovery is not None:
        steps.append(
            f"The recovery key lies in {done.recovery}. Copy it to a place off this machine (a password "
            "manager, a stick in a drawer), then delete it here: it opens everything once your own key is lost."
        )
    if any(file.state != "kept" for file in done.files):
        steps.append(f"Commit {shown(done.place.folder)} and {shown(done.place.rules)}: they are meant for git.")
    return steps


def decrypt(chosen: Chosen = None, as_json: Json = False) -> None:
    """Print secrets in clear: a single NAME.KEY as the bare value, otherwise a line for each.

    Examples:
      homelab secrets decrypt contextforge.admin_password
      homelab secrets decrypt garage litellm
    """
    secrets = open_chosen(load(), chosen or [])
    if as_json:
        print_json({"schema": "secrets/1", "secrets": {name: dict(secrets[name]) for name in secrets}})
    elif chosen and len(chosen) == 1 and "." in chosen[0]:
        name, key = split(chosen[0])
        sys.stdout.write(secrets[name][key] + "\n")
    else:
        sys.stdout.writelines(lines(secrets))


def lines(secrets: Mapping[str, Secret]) -> list[str]:
    return [f"{name}.{key}: {value}\n" for name, values in secrets.items() for key, value in values.items()]


def encrypt(chosen: Chosen = None, as_json: Json = False) -> None:
    """Encrypt in place what stands in clear in the folder of secrets; or set one value, as NAME.KEY.

    A value is read from standard input, or asked for where that is a terminal: never from an argument.

    Examples:
      homelab secrets encrypt
      homelab secrets encrypt tailscale
      homelab secrets encrypt timescale.password < password.txt
    """
    lab = load()
    single = [name for name in chosen or () if "." in name]
    done = [put(lab, name, _value(name)) for name in single]
    if not chosen or len(single) < len(chosen):
        done += encrypt_files(lab, [name for name in chosen or () if "." not in name])
    if as_json:
        print_json({"schema": "secrets-encrypt/1", "files": [str(path) for path in done]})
        return
    for path in done:
        typer.echo(f"{shown(path)} · encrypted")
    if not done:
        typer.echo("nothing stands in clear")


def _value(name: str) -> str:
    if sys.stdin.isatty():
        asked: str = typer.prompt(f"Value of {name}", hide_input=True, err=True)
        return asked
    return sys.stdin.read().removesuffix("\n")
