"""An answer for people: the text, its numbered passages, what is related, and what it had to do without."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pipeline.answer import Answer, Passage

EXCERPT = 320
"""Characters of a passage that are shown; three or four lines. `--json` has all of it."""

FACTS = 8
"""Facts that are shown; `--json` has all of them."""


def show(answer: Answer, console: Console) -> None:
    if answer.answer:
        console.print(Text(printable(answer.answer)), end="\n\n")
    for number, passage in enumerate(answer.passages, start=1):
        console.print(Text(f"[{number}] {printable(passage.place)}", style="bold"))
        console.print(Padding(Text(excerpt(passage)), (0, 0, 0, 4)))
    if not answer.passages:
        console.print("Nothing was found.")
    if answer.facts:
        console.print(Text("\nRelated", style="bold"))
        for fact in answer.facts[:FACTS]:
            line = f"{fact.subject} {fact.predicate} {fact.object}"
            console.print(Padding(Text(printable(" ".join(line.split()))), (0, 0, 0, 4)))
    for reason in answer.degraded:
        console.print(Text(f"\nNote: {printable(reason)}", style="yellow"), end="")
    if answer.degraded:
        console.print()


def excerpt(passage: Passage) -> str:
    """The passage's beginning on one line, cut at a word."""
    text = printable(" ".join(passage.text.split()))
    if len(text) <= EXCERPT:
        return text
    return text[:EXCERPT].rsplit(" ", 1)[0] + " …"


def printable(text: str) -> str:
    """A document may hold escape sequences; a terminal must not obey them."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
