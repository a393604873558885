"""The keys of age: public halves for whom files are encrypted, private halves that open them."""

import os
import re
from pathlib import Path

from homelab.errors import Problem, SecretsError
from homelab.sops.files import write_new
from homelab.sops.place import Place, default_key_file
from homelab.sops.programs import age_keygen, call

PRIVATE = "AGE-SECRET-KEY-"
PUBLIC = re.compile(r"age1[0-9a-z]{20,}")


def public_halves(place: Place, key_file: Path) -> tuple[str, ...]:
    """Of every private key in `key_file`. Raises SecretsError where it holds none."""
    try:
        content = key_file.read_bytes()
    except OSError as error:
        given = (error.strerror or type(error).__name__).lower()
        raise SecretsError(Problem(str(key_file), given, "this must be a file of age keys", "")) from None
    found = _halves(place, content)
    if not found:
        rule = f"a key file holds lines that begin with {PRIVATE}"
        raise SecretsError(
            Problem(str(key_file), "no age key in it (not shown)", rule, "restore it from a backup")
        )
    return found


def own(place: Place) -> dict[str, str]:
    """Public half → where the private one lies, of the keys that sops would try here; those that commands or ssh
    give are not seen."""
    files = [path for path in (place.key_file, default_key_file()) if path.exists()]
    found = {public: str(path) for path in reversed(files) for public in public_halves(place, path)}
    variable = _halves(place, os.environ.get("SOPS_AGE_KEY", "").encode())
    return found | dict.fromkeys(variable, "SOPS_AGE_KEY")


def ensure(place: Place, path: Path) -> tuple[str, bool]:
    """The public half of the first key in `path`, and whether the file was made just now (mode 0600)."""
    if path.exists():
        return public_halves(place, path)[0], False
    made = call(place, [age_keygen()])
    if made.returncode:
        raise SecretsError(Problem("age-keygen", f"ended with status {made.returncode}", "it must make a key", ""))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_new(path, made.stdout, mode=0o600)
    return public_halves(place, path)[0], True


def _halves(place: Place, content: bytes) -> tuple[str, ...]:
    if not content.strip():
        return ()
    told = call(place, [age_keygen(), "-y"], content)
    return tuple(PUBLIC.findall(told.stdout.decode())) if told.returncode == 0 else ()
