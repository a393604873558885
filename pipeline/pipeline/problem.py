"""What is wrong with one path or document, in one line for a person."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """where · what you gave · the rule · the fix"""

    where: str
    given: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return " · ".join(part for part in (self.where, self.given, self.rule, self.fix) if part)


def shown(name: str | os.PathLike[str]) -> str:
    r"""A file name as it can be printed and stored: bytes that are not UTF-8 and control characters as `\xe9`."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
