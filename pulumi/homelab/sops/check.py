"""What is wrong with a lab's secrets, seen without any private key: what CI and the first phase's gate ask."""

from collections.abc import Iterator
from pathlib import Path

from homelab.document.source import shown
from homelab.errors import Problem, SecretsError
from homelab.lab import Lab
from homelab.sops import rules
from homelab.sops.keys import PRIVATE
from homelab.sops.place import Place, place
from homelab.sops.reading import in_clear
from homelab.sops.sealed import Sealed, look
from homelab.sops.table import wanted


def problems(lab: Lab) -> tuple[Problem, ...]:
    """Of every file that should be there or is: absent keys, plain values, other recipients, private keys."""
    here = place(lab)
    found: list[Problem] = []
    recipients: tuple[str, ...] = ()
    try:
        recipients = rules.recipients(here)
    except SecretsError as error:
        found += error.problems
    rows = wanted(lab)
    for name in [*rows, *(name for name in here.names() if name not in rows)]:
        path = here.file(name)
        try:
            seen = look(path)
        except SecretsError as error:
            found += error.problems
            continue
        absent = [row.key for row in rows.get(name, ()) if row.key not in seen.keys]
        if absent:
            given = f"without {', '.join(absent)}"
            found.append(Problem(shown(path), given, "the platform needs it", "./lab secrets-init makes it"))
        if not seen.encrypted or seen.plain:
            found.append(in_clear(path, seen))
        elif recipients:
            found += _others(path, seen, recipients)
    return (*found, *_private_keys(here))


def _others(path: Path, seen: Sealed, recipients: tuple[str, ...]) -> Iterator[Problem]:
    fix = "./lab secrets-init encrypts it anew"
    for one in recipients:
        if one not in seen.recipients:
            yield Problem(shown(path), f"not encrypted for {one}", "it is for all of .sops.yaml", fix)
    for one in seen.recipients:
        if one not in recipients:
            yield Problem(shown(path), f"encrypted for {one} too", "it is for those of .sops.yaml alone", fix)


def _private_keys(here: Place) -> Iterator[Problem]:
    for path in sorted(here.folder.rglob("*")):
        if path.is_file() and PRIVATE.encode() in path.read_bytes():
            rule = "the key stays out of the folder that goes into git"
            fix = f"move it to {here.key_file}; if it was committed, make a new one"
            yield Problem(shown(path), "a private age key (not shown)", rule, fix)
