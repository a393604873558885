"""`homelab forget`: documents go with everything that was made of them."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from homelab.cli import running
from homelab.cli.confirming import confirmed
from homelab.cli.data import over
from homelab.cli.output import Json, console, print_json
from homelab.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from pipeline.forget import Forgotten, Known
    from pipeline.platform import Platform

LONGEST = 64
SHORTEST = 4
"""Hexadecimal digits of an id, and of a beginning of one; the API has the same limits."""

SHOWN = 12
"""Digits of an id that people see: more than enough to tell two documents apart."""

FITS = 16
"""Characters of what was given that leave room for the rest of a line."""

NAMED = 3
"""Documents that a refusal names."""

WHERE_FROM = "sha256sum FILE tells it"


def forget(
    docs: Annotated[list[str], typer.Argument(metavar="DOC…", help="ids, or the beginnings of ids")],
    on: running.On = None,
    as_json: Json = False,
) -> None:
    """Take documents out: chunks, vectors, graph, the original, all that was made of it, its dead letters.

    DOC is a document's id, the SHA-256 of the file, or its first digits. One that is still on its way is
    forgotten too. Asks before it begins, on a terminal; elsewhere DEPLOY_CONFIRM=yes answers. Where a service is
    away it ends, and the next run takes the rest. The same file can be ingested again.

    Examples:
      homelab forget 3f8a90c1
      DEPLOY_CONFIRM=yes homelab forget $(sha256sum old.pdf | cut -c1-64) --json
    """
    starts = [doc.strip().lower() for doc in docs]
    refuse([problem for doc, start in zip(docs, starts, strict=True) if (problem := no_id(doc, start))])
    gone: list[tuple[Known, Forgotten]] = []

    async def found(opened: "Platform") -> "dict[str, list[Known]]":
        return {start: await opened.known(start) for start in starts}

    async def take(opened: "Platform") -> None:
        for document in documents:
            gone.append((document, await opened.forget(document.id)))
            if not as_json:
                console().print(line(*gone[-1]), markup=False, soft_wrap=True)

    with running.platform(on) as platform:
        documents = one_each(over(platform, found))
        confirmed(question(documents))
        over(platform, take)
    if as_json:
        print_json(
            {
                "schema": "forget/1",
                "documents": [{"title": known.title} | each.model_dump() for known, each in gone],
            }
        )


def no_id(doc: str, start: str) -> Problem | None:
    if re.fullmatch(f"[0-9a-f]{{{SHORTEST},{LONGEST}}}", start):
        return None
    rule = f"ids are SHA-256, {SHORTEST} digits at least"
    return Problem(f"DOC {_short(doc)}", "no id", rule, WHERE_FROM)


def one_each(found: "Mapping[str, Sequence[Known]]") -> "list[Known]":
    """The document that each beginning names. Raises InvalidInput for all that name none or several."""
    refuse([problem for start, documents in found.items() if (problem := _unclear(start, documents))])
    return list({documents[0].id: documents[0] for documents in found.values()}.values())


def _unclear(start: str, documents: "Sequence[Known]") -> Problem | None:
    where = f"DOC {_short(start)}"
    if not documents:
        return Problem(where, "no document has this id", "", WHERE_FROM)
    if len(documents) > 1:
        digits = max(SHOWN, len(start) + 2)
        some = ", ".join(document.id[:digits] for document in documents[:NAMED])
        more = ", …" if len(documents) > NAMED else ""
        return Problem(where, f"{len(documents)} ids begin so: {some}{more}", "", "write more of it")
    return None


def refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidInput(*problems)


def question(documents: "Sequence[Known]") -> str:
    names = ", ".join(map(name, documents[:NAMED]))
    rest = len(documents) - NAMED
    return f"Forget {names}{f' and {rest} more' if rest > 0 else ''}, with everything made of it?"


def line(known: "Known", gone: "Forgotten") -> str:
    counts = f"{gone.chunks} chunks, {gone.objects} objects, {gone.dead_letters} dead letters"
    return f"forgotten: {name(known)} · {counts}"


def name(known: "Known") -> str:
    from homelab.cli.answers import printable

    return f"{printable(known.title)} ({known.id[:SHOWN]})" if known.title else known.id[:SHOWN]


def _short(given: str) -> str:
    return given if len(given) <= FITS else given[:FITS] + "…"
