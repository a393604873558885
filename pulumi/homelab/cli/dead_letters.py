"""`homelab dlq list|show|replay|purge`: the messages that no retry helps, and what a person does about them."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from homelab.cli import running
from homelab.cli.confirming import confirmed
from homelab.cli.data import over
from homelab.cli.forgetting import SHOWN
from homelab.cli.output import Json, console, print_json, table
from homelab.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from pipeline.dead_letter_queue import Listed, Shown

ALL = "all"
SEE = "./lab dlq list shows them"

Numbers = Annotated[list[str], typer.Argument(metavar="N…|all", help="numbers as listed, or all letters")]
Number = Annotated[int, typer.Argument(metavar="N", min=1, help="a number as listed")]


def show_list(on: running.On = None, as_json: Json = False) -> None:
    """Show every dead letter, oldest first.

    Examples:
      homelab dlq list
      homelab dlq list --json
    """
    with running.platform(on) as platform:
        letters = over(platform, lambda opened: opened.dead_letters())
    if as_json:
        print_json({"schema": "dlq-list/1", "letters": [letter.model_dump() for letter in letters]})
    else:
        console().print(rows(letters) if letters else "No dead letters.")


def show(number: Number, on: running.On = None, as_json: Json = False) -> None:
    """Show one letter whole, with the message that it keeps.

    Examples:
      homelab dlq show 17
    """
    with running.platform(on) as platform:
        letter = over(platform, lambda opened: opened.dead_letter(number))
    if as_json:
        print_json({"schema": "dlq-show/1"} | letter.model_dump())
    else:
        sys.stdout.write(whole(letter))


def replay(numbers: Numbers, on: running.On = None, as_json: Json = False) -> None:
    """Give the messages to their stages again, once what failed them is mended.

    A letter goes when its message is stored; what fails again comes back as another letter.

    Examples:
      homelab dlq replay 17 18
      homelab dlq replay all
    """
    with running.platform(on) as platform:
        wanted = chosen(numbers, over(platform, lambda opened: opened.dead_letters()))
        done = over(platform, lambda opened: _each(wanted, opened.replay))
    _tell(done, "replayed", as_json)


def purge(numbers: Numbers, on: running.On = None, as_json: Json = False) -> None:
    """Throw letters away, with the messages that they keep. Their documents stay as they are.

    Asks before it begins, on a terminal; elsewhere DEPLOY_CONFIRM=yes answers.

    Examples:
      homelab dlq purge 17
      DEPLOY_CONFIRM=yes homelab dlq purge all
    """
    with running.platform(on) as platform:
        wanted = chosen(numbers, over(platform, lambda opened: opened.dead_letters()))
        if wanted:
            confirmed(f"Throw {len(wanted)} dead letter{'s' if len(wanted) > 1 else ''} away?")
        done = over(platform, lambda opened: _each(wanted, opened.purge))
    _tell(done, "purged", as_json)


def chosen(given: Sequence[str], letters: "Sequence[Listed]") -> list[int]:
    """The numbers meant, each once. Raises InvalidInput for all that name no letter."""
    there = [letter.number for letter in letters]
    if list(given) == [ALL]:
        return there
    known = {str(number) for number in there}
    problems = [
        Problem(f"dead letter {word}", "there is none of this number", "", SEE)
        for word in given
        if word not in known
    ]
    if problems:
        raise InvalidInput(*problems)
    return list(dict.fromkeys(map(int, given)))


async def _each(numbers: Sequence[int], deed: Callable[[int], Awaitable[None]]) -> list[int]:
    for number in numbers:
        await deed(number)
    return list(numbers)


def _tell(done: Sequence[int], did: str, as_json: bool) -> None:
    if as_json:
        print_json({"schema": f"dlq-{did}/1", did: list(done)})
    else:
        console().print(f"{len(done)} dead letter{'' if len(done) == 1 else 's'} {did}")


def rows(letters: "Sequence[Listed]") -> Table:
    """A line for each; the time without its seconds."""
    from homelab.cli.answers import printable

    found = table("number", "document", "stage", "failed (UTC)", "reason", numbers=("number",))
    for letter in letters:
        at = letter.failed_at[:16].replace("T", " ")
        document = (letter.document or "–")[:SHOWN]
        found.add_row(str(letter.number), document, letter.stage, at, Text(printable(letter.reason)))
    return found


def whole(letter: "Shown") -> str:
    """Line by line, the message last, as it came."""
    from homelab.cli.answers import printable

    lines = {
        "number": str(letter.number),
        "document": letter.document or "–",
        "stage": letter.stage,
        "reason": letter.reason,
        "failed at": letter.failed_at,
        "deliveries": str(letter.deliveries),
        "subject": letter.subject,
    }
    head = "".join(f"{name:<12}{printable(value)}\n" for name, value in lines.items())
    return f"{head}\n{printable(letter.payload)}\n"
