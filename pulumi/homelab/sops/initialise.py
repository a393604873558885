"""Making what is missing: keys, rules, and every secret of the table."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from homelab.document.source import shown
from homelab.errors import Problem, SecretsError
from homelab.lab import Lab
from homelab.sops import keys, rules
from homelab.sops.files import replace, write_new
from homelab.sops.place import Place, place
from homelab.sops.programs import age_keygen, sops
from homelab.sops.reading import decrypt, each
from homelab.sops.sealed import look
from homelab.sops.sealing import seal
from homelab.sops.table import Row, wanted

State = Literal["made", "completed", "encrypted anew", "kept"]


@dataclass(frozen=True, slots=True)
class File:
    """`keys` were made just now."""

    path: Path
    state: State
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Initialised:
    """`made_keys` are key files made just now; `recovery` is the recovery key's while it is on this machine."""

    place: Place
    recipients: tuple[str, ...]
    made_keys: tuple[Path, ...]
    recovery: Path | None
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    file: File
    values: dict[str, Any]


def initialise(lab: Lab) -> Initialised:
    """Every secret that is missing, and no other; files that are for other recipients are encrypted anew.

    Nothing is written before every file that must be changed has been opened. Raises MissingTool and SecretsError.
    """
    here = place(lab)
    sops(), age_keygen()  # both, before anything is made
    here.folder.mkdir(parents=True, exist_ok=True)
    with _alone(here.folder):
        made_keys = () if here.rules.exists() else _make_rules(here)
        recipients = rules.recipients(here)
        rows = wanted(lab)
        names = [*rows, *(name for name in here.names() if name not in rows)]
        planned = each(lambda name: _plan(lab, here, name, rows.get(name, ()), recipients), names)
        todo = [one for one in planned if one.file.state != "kept"]
        sealed = each(lambda one: seal(here, one.file.path, one.values), todo)
        for one, content in zip(todo, sealed, strict=True):
            write = write_new if one.file.state == "made" else replace
            write(one.file.path, content, mode=0o644)  # encrypted, and meant for git
    recovery = here.recovery if here.recovery.exists() else None
    return Initialised(here, recipients, made_keys, recovery, tuple(one.file for one in planned))


def _make_rules(here: Place) -> tuple[Path, ...]:
    """Rules for the person's own key and a recovery key, each made if there is none. Returns the files made."""
    own, own_made = keys.ensure(here, here.key_file)
    recovery, recovery_made = keys.ensure(here, here.recovery)
    rules.write(here, (own, recovery))
    return tuple(path for path, made in ((here.key_file, own_made), (here.recovery, recovery_made)) if made)


def _plan(lab: Lab, here: Place, name: str, rows: tuple[Row, ...], recipients: tuple[str, ...]) -> _Planned:
    path = here.file(name)
    if not path.exists():
        return _Planned(File(path, "made", tuple(row.key for row in rows)), _new(lab, rows))
    seen = look(path)
    missing = tuple(row for row in rows if row.key not in seen.keys)
    added = tuple(row.key for row in missing)
    if not missing and seen.encrypted and not seen.plain and set(seen.recipients) == set(recipients):
        return _Planned(File(path, "kept", ()), {})
    state: State = "completed" if missing else "encrypted anew"
    return _Planned(File(path, state, added), {**decrypt(here, path), **_new(lab, missing)})


def _new(lab: Lab, rows: tuple[Row, ...]) -> dict[str, str]:
    values = {}
    for row in rows:
        source = row.source(lab)
        value = row.make() if row.make is not None else "" if source is None else _copied(row, source)
        values[row.key] = value
    return values


def _copied(row: Row, source: Path) -> str:
    try:
        value = source.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        given = (getattr(error, "strerror", None) or "not UTF-8").lower()
        raise SecretsError(Problem(row.copied, f"{shown(source)}: {given}", "its key is copied", "")) from None
    if not row.form.holds(value):
        given = f"{shown(source)}: not one word (not shown)"
        raise SecretsError(
            Problem(row.copied, given, "its key is copied", "write the key into it, and nothing else")
        )
    return value


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two at once would each make the same secret, and one of them would be lost."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
