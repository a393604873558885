"""An encrypted file as everybody can read it: its keys and recipients in clear, its values not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from homelab.document.source import shown
from homelab.errors import Problem, SecretsError

CIPHER = "ENC["
METADATA = "sops"
RULE = "this must be a file that sops encrypted"


@dataclass(frozen=True, slots=True)
class Sealed:
    """`plain` are the dotted keys whose values stand in clear, empty ones included; all of them without `sops`."""

    encrypted: bool
    keys: tuple[str, ...]
    recipients: tuple[str, ...]
    plain: tuple[str, ...]


def look(path: Path) -> Sealed:
    """Raises SecretsError where it is no YAML mapping; no message ever holds a value of it."""
    try:
        read = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        given, rule = "no such file", "the platform needs it"
        raise SecretsError(Problem(shown(path), given, rule, "./lab secrets-init makes it")) from None
    except OSError as error:
        given = (error.strerror or type(error).__name__).lower()
        raise SecretsError(Problem(shown(path), given, RULE, "")) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        # The parser's own message quotes the line, and with it a value.
        fix = "restore it from git, or remove it and ./lab secrets-init makes a new one"
        raise SecretsError(Problem(shown(path), "no YAML", RULE, fix)) from None
    if not isinstance(read, dict) or not read:
        fix = "remove it, and ./lab secrets-init makes a new one"
        raise SecretsError(Problem(shown(path), "no keys in it", RULE, fix))
    metadata = read.pop(METADATA, None)
    values = {str(key): value for key, value in read.items()}
    plain = (key for key, value in _leaves(values) if not (isinstance(value, str) and value.startswith(CIPHER)))
    return Sealed(isinstance(metadata, dict), tuple(values), _recipients(metadata), tuple(plain))


def _recipients(metadata: Any) -> tuple[str, ...]:
    entries = metadata.get("age") if isinstance(metadata, dict) else None
    return tuple(
        str(entry.get("recipient"))
        for entry in entries or ()
        if isinstance(entry, dict) and entry.get("recipient")
    )


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{at}[{number}]")
    else:
        yield at, value
