"""What a person does with single secrets: open some, set one, encrypt what was written in clear."""

from collections.abc import Sequence
from pathlib import Path

from homelab.document import meant
from homelab.document.source import shown
from homelab.errors import InvalidInput, Problem, SecretsError
from homelab.lab import Lab
from homelab.sops.files import replace, write_new
from homelab.sops.mapping import Secret, Secrets
from homelab.sops.place import Place, place
from homelab.sops.reading import decrypt, each, in_clear, read_all
from homelab.sops.sealed import look
from homelab.sops.sealing import seal, seal_text
from homelab.sops.table import rows_of, wanted


def split(chosen: str) -> tuple[str, str]:
    """`garage.rpc_secret` → (`garage`, `rpc_secret`); the key is empty where the whole file is meant."""
    name, _, key = chosen.partition(".")
    return name, key


def open_chosen(lab: Lab, chosen: Sequence[str]) -> Secrets:
    """The named files, or single values of them; all files where nothing is named. Raises as `read_all`."""
    here = place(lab)
    known = list(dict.fromkeys([*wanted(lab), *here.names()]))
    pairs = [split(one) for one in chosen] or [(name, "") for name in known]
    unknown = [_unknown(here, name, known) for name, _ in pairs if name not in known]
    if unknown:
        raise InvalidInput(*unknown)
    read = read_all(lab, dict.fromkeys(name for name, _ in pairs))
    absent = [
        Problem(f"{name}.{key}", "no such key", f"{name} has {', '.join(read[name])}", "name one of them")
        for name, key in pairs
        if key and key not in read[name]
    ]
    if absent:
        raise InvalidInput(*absent)
    whole = {name for name, key in pairs if not key}
    return Secrets(
        {
            name: Secret({key: read[name][key] for key in read[name] if name in whole or (name, key) in pairs})
            for name in read
        }
    )


def put(lab: Lab, chosen: str, value: str) -> Path:
    """Set one value, in a file that is there or a new one. Raises InvalidInput, SecretsError."""
    here = place(lab)
    name, key = split(chosen)
    path = here.file(name)
    row = next((row for row in rows_of(name) if row.key == key), None)
    if row is not None and not row.form.holds(value):
        raise InvalidInput(Problem(chosen, "another form (not shown)", f"must be: {row.form.words}", ""))
    if not value or not key:
        raise InvalidInput(Problem(chosen, "", "a name, a key and a value are needed", "such as nats.password"))
    if path.exists():
        replace(path, seal(here, path, {**decrypt(here, path), key: value}), mode=0o644)
    else:
        here.folder.mkdir(parents=True, exist_ok=True)
        write_new(path, seal(here, path, {key: value}), mode=0o644)
    return path


def encrypt_files(lab: Lab, names: Sequence[str]) -> list[Path]:
    """Encrypt in place the named files, or every one that stands in clear. Returns those that were.

    Nothing is written unless all of them can be. Raises InvalidInput, SecretsError.
    """
    here = place(lab)
    unknown = [_unknown(here, name, here.names()) for name in names if not here.file(name).exists()]
    if unknown:
        raise InvalidInput(*unknown)
    paths = [here.file(name) for name in names or here.names()]
    clear = [path for path in paths if _stands_in_clear(path)]
    for path, content in zip(
        clear, each(lambda path: seal_text(here, path, path.read_bytes()), clear), strict=True
    ):
        replace(path, content, mode=0o644)
    return clear


def _stands_in_clear(path: Path) -> bool:
    """Raises SecretsError where only some values do: whether those are right, a person knows."""
    seen = look(path)
    if seen.encrypted and seen.plain:
        raise SecretsError(in_clear(path, seen))
    return not seen.encrypted


def _unknown(here: Place, name: str, known: Sequence[str]) -> Problem:
    return Problem(shown(here.file(name)), "no such file", "a secret is named by its file", meant(name, known))
