"""How a refusal is told: one line per problem on stderr, or one JSON document on stdout."""

import json
import os
import sys
from dataclasses import dataclass
from typing import TextIO

from homelab.errors import BudgetExceeded, HomelabError, Problem
from pipeline.errors import PipelineError


@dataclass(slots=True)
class Asked:
    """What the command line asked of every output, known only once it is parsed."""

    json: bool = False


def tell(error: HomelabError | PipelineError, asked: Asked) -> None:
    known = error if isinstance(error, HomelabError) else _as_homelab(error)
    if asked.json:
        sys.stdout.write(json.dumps(_document(known, error), indent=2, ensure_ascii=False) + "\n")
        return
    if isinstance(known, BudgetExceeded):
        from homelab.cli.ledger import show_refusal

        show_refusal(known)
        return
    for problem in known.problems:
        sys.stderr.write(line(problem, colour=coloured(sys.stderr)) + "\n")


def line(problem: Problem, *, colour: bool) -> str:
    """The problem on one line, whatever its parts hold; the place in bold red and the mend in green."""
    parts = [" ".join(part.split()) for part in (problem.where, problem.given, problem.rule, problem.fix)]
    if colour:
        parts = [_paint(part, code) for part, code in zip(parts, ("1;31", "", "", "32"), strict=True)]
    return " · ".join(part for part in parts if part)


def coloured(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that shows colour, and the person has not said no (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _paint(part: str, code: str) -> str:
    return f"\x1b[{code}m{part}\x1b[0m" if part and code else part


def _as_homelab(error: PipelineError) -> HomelabError:
    return HomelabError(Problem(error.where, "", error.reason, ""))


def _document(known: HomelabError, error: Exception) -> dict[str, object]:
    document = known.as_json()
    return document | {"error": type(error).__name__} if "error" in document else document
