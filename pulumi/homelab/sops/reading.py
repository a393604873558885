"""Decrypting into memory, and what to say when that fails."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from homelab.document.source import shown
from homelab.errors import HomelabError, Problem, SecretsError
from homelab.lab import Lab
from homelab.sops import keys
from homelab.sops.mapping import Secret, Secrets
from homelab.sops.place import Place, place
from homelab.sops.programs import call, sops
from homelab.sops.sealed import Sealed, look
from homelab.sops.table import rows_of, wanted

PROCESSES = 4
"""At a time; each takes 13 ms of a core and 35 MiB, so on 2 to 4 cores more are no faster."""

NO_KEY = 128
CHANGED = {25, 51}
"""sops' exit codes for a value and for a checksum that the data key does not vouch for."""

A = TypeVar("A")
B = TypeVar("B")


def read_all(lab: Lab, names: Iterable[str] | None = None) -> Secrets:
    """The lab's secrets, or those of `names` alone, by file and key; they are nowhere but in memory.

    Raises MissingTool without sops, and SecretsError with every problem of every file: which file, and which key
    or recipient is missing.
    """
    here = place(lab)
    chosen = list(wanted(lab) if names is None else names)
    read = each(lambda name: Secret(_checked(lab, here, name)), chosen)
    return Secrets(dict(zip(chosen, read, strict=True)))


def decrypt(here: Place, path: Path) -> dict[str, Any]:
    """Everything that stands in the file. Raises SecretsError."""
    seen = look(path)
    if not seen.encrypted or seen.plain:
        raise SecretsError(in_clear(path, seen))
    # Who may open a file stands in the file; rules that sops finds on its way, broken ones included, say nothing.
    types = ("--input-type", "yaml", "--output-type", "json")
    ended = call(here, (sops(), "--config", os.devnull, "decrypt", *types, path))
    if ended.returncode:
        raise SecretsError(_why(here, path, seen, ended.returncode))
    opened: dict[str, Any] = json.loads(ended.stdout)
    return opened


def in_clear(path: Path, seen: Sealed) -> Problem:
    """Of a file that is not encrypted, or not as a whole."""
    given = f"in clear: {', '.join(seen.plain)}" if seen.plain else "not encrypted"
    name = path.name.partition(".")[0]
    fix = (
        "write the value with `sops edit`; one that was committed in clear needs a new value"
        if seen.encrypted
        else f"./lab sops-encrypt {name}; what was committed in clear needs a new value"
    )
    return Problem(shown(path), given, "no value stands in clear (not shown)", fix)


def each(do: Callable[[A], B], these: Sequence[A]) -> list[B]:
    """`do` with each of `these`, several at a time. Raises SecretsError with the problems of all that fail."""

    def attempt(one: A) -> B | SecretsError:
        try:
            return do(one)
        except SecretsError as error:
            return error

    with ThreadPoolExecutor(max_workers=PROCESSES) as pool:
        ended = list(pool.map(attempt, these))
    done = [one for one in ended if not isinstance(one, SecretsError)]
    if len(done) < len(ended):
        raise SecretsError(*(p for one in ended if isinstance(one, SecretsError) for p in one.problems))
    return done


def _checked(lab: Lab, here: Place, name: str) -> dict[str, str]:
    """The values that the table has of this file, each in the form that its product accepts."""
    path = here.file(name)
    opened = decrypt(here, path)
    problems, values = [], {}
    for row in wanted(lab).get(name, ()):
        where, value = f"{shown(path)} {row.key}", opened.get(row.key)
        if value is None:
            problems.append(Problem(where, "not there", f"for {row.reader}", "./lab secrets-init makes it"))
        elif not isinstance(value, str) or not row.form.holds(value):
            given = "another form (not shown)" if isinstance(value, str) else "no text (not shown)"
            fix = f"./lab sops-encrypt {name}.{row.key}"
            problems.append(Problem(where, given, f"must be: {row.form.words}", fix))
        else:
            values[row.key] = value
    if problems:
        raise SecretsError(*problems)
    return values if rows_of(name) else {key: str(value) for key, value in opened.items()}


def _why(here: Place, path: Path, seen: Sealed, status: int) -> Problem:
    where = shown(path)
    if status in CHANGED:
        rule = "it must be as sops wrote it: a value, a key's name or its checksum was changed"
        return Problem(where, "changed since it was encrypted", rule, f"restore it: git checkout -- {where}")
    if status != NO_KEY:
        return Problem(where, f"sops ended with status {status}", "it must open", f"see `sops decrypt {where}`")
    wants = " or ".join(seen.recipients) or "nobody's age key"
    try:
        has = keys.own(here)
    except HomelabError as error:
        return error.problems[0]
    if not has:
        given = f"there is no key file {here.key_file}"
    elif theirs := has.keys() & set(seen.recipients):
        given = f"the key is here ({has[theirs.pop()]}), but what the file holds for it was damaged"
    else:
        given = f"here is {', '.join(f'{public} ({place})' for public, place in has.items())}"
    fix = "bring that private key: SOPS_AGE_KEY_FILE=FILE, or the recovery key"
    return Problem(where, given, f"opens with the private half of {wants}", fix)
