"""Reading facts, once, at the door: a damaged, foreign, unknown or old document goes no further."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from homelab.errors import InvalidInput, Problem, StaleFacts
from homelab.facts.model import SCHEMA_VERSION, Facts

CLOCK_SKEW = timedelta(minutes=5)
"""By how much the clock that stamped the facts may run ahead of the one that reads them."""


def refresh(host: str) -> str:
    """The command that measures a host anew."""
    return f"./lab ansible-hardware-audit --limit {host}"


def load(path: Path) -> Facts:
    """The facts of one host.

    Raises StaleFacts when there are none or their schema is unknown, InvalidInput with every problem otherwise.
    """
    where, fix = f"facts/{path.name}", refresh(path.stem)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        rule = "a host is measured before anything is planned for it"
        raise StaleFacts(Problem(where, "there is no such file", rule, fix)) from None
    except (OSError, UnicodeDecodeError) as failure:
        given = failure.reason if isinstance(failure, UnicodeDecodeError) else failure.strerror or "unreadable"
        raise InvalidInput(Problem(where, given.lower(), "facts are a readable UTF-8 file", fix)) from None
    try:
        document = json.loads(text)
    except json.JSONDecodeError as failure:
        given = f"line {failure.lineno}, column {failure.colno}: {failure.msg}"
        raise InvalidInput(Problem(where, given, "facts are one JSON document", fix)) from None
    if not isinstance(document, dict):
        raise InvalidInput(Problem(where, f"a {_kind(document)}", "facts are one JSON object", fix))
    if (version := document.get("schema_version")) != SCHEMA_VERSION:
        raise StaleFacts(
            Problem(where, f"schema_version {version!r}", f"this program reads version {SCHEMA_VERSION}", fix)
        )
    try:
        return Facts.model_validate_json(text)
    except ValidationError as failure:
        raise InvalidInput(*(_problem(where, error, fix) for error in failure.errors())) from None


def check(facts: Facts, *, host: str, machine_id: str | None, max_age_days: int, now: datetime) -> None:
    """Refuse facts that do not describe `host` as it is now.

    `machine_id` is the id of the machine at hand where it is known (this one), else None. Raises StaleFacts with
    every problem.
    """
    where, fix = f"facts/{host}.json", refresh(host)
    measured = facts.homelab
    problems = []
    if facts.host != host:
        problems.append(Problem(where, f"facts of {facts.host!r}", f"they must be of {host!r}", fix))
    if machine_id is not None and measured.machine_id != machine_id:
        given = f"facts of machine {measured.machine_id or 'unknown'}"
        problems.append(Problem(where, given, f"this machine is {machine_id}", fix))
    age = now - measured.audited_at
    stamp = f"measured {measured.audited_at:%Y-%m-%d}"
    if age > timedelta(days=max_age_days):
        rule = f"facts_max_age_days in lab.yaml allows {max_age_days}"
        problems.append(Problem(where, f"{stamp}, {age.days} days ago", rule, fix))
    if age < -CLOCK_SKEW:
        problems.append(Problem(where, f"{stamp}, which is in the future", "check this machine's clock", fix))
    if problems:
        raise StaleFacts(*problems)


def _problem(where: str, error: ErrorDetails, fix: str) -> Problem:
    key = ".".join(str(part) for part in error["loc"])
    given = "nothing" if error["type"] == "missing" else _short(error["input"])
    rule = error["msg"].removeprefix("Value error, ")
    rule = "unknown key" if error["type"] == "extra_forbidden" else rule[:1].lower() + rule[1:]
    return Problem(f"{where}: {key}" if key else where, given, rule, fix)


def _short(value: Any) -> str:
    """A value as people wrote it; of a whole section only what it is."""
    return f"a {_kind(value)}" if isinstance(value, (dict, list)) else json.dumps(value, ensure_ascii=False)


def _kind(value: Any) -> str:
    names = {dict: "section", list: "list", str: "text", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
