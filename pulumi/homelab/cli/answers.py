"""An answer for people: the text, its numbered passages, what is related, and what it had to do without."""

import re
from collections.abc import Mapping, Sequence
from textwrap import fill

from rich.console import Console
from rich.text import Text

from homelab.cli.output import table
from pipeline.answer import Answer, Passage

EXCERPT = 320
"""Characters of a passage that are shown; three or four lines. `--json` has all of it."""

INDENT = "    "

FACTS = 8
"""Facts that are shown; `--json` has all of them."""


def show(answer: Answer, screen: Console, *, passages: int | None = None) -> None:
    """The answer with the first `passages` (None: all) and those that it cites."""
    if answer.answer:
        screen.print(Text(printable(answer.answer)), end="\n\n")
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", answer.answer or "")}
    for number, passage in enumerate(answer.passages, start=1):
        if passages is None or number <= passages or number in cited:
            screen.print(Text(f"[{number}] {printable(passage.place)}", style="bold"))
            _indented(excerpt(passage), screen)
    if not answer.passages:
        screen.print("Nothing was found.")
    if answer.facts:
        screen.print(Text("\nRelated", style="bold"))
        for fact in answer.facts[:FACTS]:
            _indented(printable(f"{fact.subject} {fact.predicate} {fact.object}"), screen)
    if answer.degraded:
        screen.print()
    for reason in answer.degraded:
        screen.print(Text(f"Note: {printable(reason)}", style="yellow"))


def rows(found: Sequence[Mapping[str, str]], screen: Console) -> None:
    """A column for each variable of the query, in the order in which rows first have it."""
    names = dict.fromkeys(name for row in found for name in row)
    shown = table(*names)
    for row in found:
        shown.add_row(*(Text(printable(row.get(name, ""))) for name in names))
    screen.print(shown if found else "Nothing was found.")


def _indented(text: str, screen: Console) -> None:
    for line in text.splitlines():
        screen.print(Text(fill(line, screen.width, initial_indent=INDENT, subsequent_indent=INDENT)))


def excerpt(passage: Passage) -> str:
    """The passage's beginning, cut at a word; table rows and list items keep their lines."""
    lines = (" ".join(line.split()) for line in passage.text.splitlines())
    text = "\n".join(printable(line) for line in lines if line)
    if len(text) <= EXCERPT:
        return text
    return re.sub(r"\s+\S*$", "", text[:EXCERPT]) + " …"


def printable(text: str) -> str:
    """A document may hold escape sequences; a terminal must not obey them."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
