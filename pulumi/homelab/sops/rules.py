"""`.sops.yaml`: for whom secrets are encrypted. SOPS' own file, so plain `sops` keeps to it too."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from homelab.document.source import shown
from homelab.errors import Problem, SecretsError
from homelab.sops.files import write_new
from homelab.sops.keys import PRIVATE, PUBLIC
from homelab.sops.place import Place

FEWEST = 2
"""The person's key and a recovery key: with a single one, a lost disk is the loss of every secret."""

TEXT = """\
# For whom `sops` encrypts the files of {folder}/: the public halves of age keys, with a comma between them.
# One is the person's own, another the recovery key, kept elsewhere. After a change: ./lab secrets-init
creation_rules:
  - path_regex: '{pattern}'
    age: {recipients}
"""


def write(place: Place, recipients: Sequence[str]) -> None:
    text = TEXT.format(folder=place.folder.name, pattern=_pattern(place), recipients=",".join(recipients))
    write_new(place.rules, text.encode(), mode=0o644)


def recipients(place: Place) -> tuple[str, ...]:
    """The public keys of the rule that is for this folder. Raises SecretsError with what is wrong with it."""
    where = shown(place.rules)
    fix = "remove the file, and ./lab secrets-init writes one"
    try:
        read = yaml.safe_load(place.rules.read_text("utf-8"))
    except FileNotFoundError:
        rule = "it says for whom secrets are encrypted"
        raise SecretsError(Problem(where, "no such file", rule, "./lab secrets-init")) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise SecretsError(Problem(where, "no YAML", "sops must be able to read it", fix)) from None
    matching = _rule(place, read)
    if matching is None:
        wanted = f"a creation rule must be for {place.folder.name}/*.sops.yaml"
        fix = f"add one with path_regex: '{_pattern(place)}' and age: the public keys"
        raise SecretsError(Problem(where, "no such rule", wanted, fix))
    given = matching.get("age") or ""
    listed = given if isinstance(given, list) else str(given).split(",")
    found = tuple(dict.fromkeys(str(one).strip() for one in listed if str(one).strip()))
    _judge(where, found)
    return found


def _judge(where: str, found: Sequence[str]) -> None:
    problems = []
    for one in found:
        if one.upper().startswith(PRIVATE):
            fix = "write its public half (age-keygen -y), and make a new key: this one has been seen"
            problems.append(Problem(where, "a private key (not shown)", "age: holds public keys", fix))
        elif not PUBLIC.fullmatch(one):
            problems.append(Problem(where, one, "age: holds public keys of age", "write such as age1…"))
    if len(found) < FEWEST:
        rule = "at least two can open each file: you, and the recovery key"
        problems.append(Problem(where, f"{len(found)} recipients", rule, "add the public half of a second key"))
    if problems:
        raise SecretsError(*problems)


def _rule(place: Place, read: Any) -> Mapping[str, Any] | None:
    """The first that matches, as sops takes it."""
    rules = read.get("creation_rules") if isinstance(read, dict) else None
    name = f"{place.folder.name}/any.sops.yaml"
    for rule in rules if isinstance(rules, list) else ():
        if isinstance(rule, dict) and _matches(str(rule.get("path_regex") or ""), name):
            return rule
    return None


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def _pattern(place: Place) -> str:
    return rf"(^|/){re.escape(place.folder.name)}/[^/]+\.sops\.yaml$"
