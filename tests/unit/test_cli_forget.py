"""`forget` and `dlq`: what they refuse, ask and print."""

import io
import json
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from homelab import cli
from homelab.cli import dead_letters, forgetting, running
from pipeline.dead_letter_queue import Listed, Shown
from pipeline.errors import Unavailable
from pipeline.forget import Forgotten, Known

PUMP = Known(id="abcd" + "0" * 60, title="Heat pump manual")
GATE = Known(id="abce" + "0" * 60, title="")
LETTERS = [
    Listed(number=7, document=PUMP.id, stage="embed", reason="too heavy", failed_at="2026-11-29T05:41:23+00:00"),
    Listed(number=9, document=None, stage="chunk", reason="malformed", failed_at="2026-11-29T05:42:00+00:00"),
]


class Stores:
    """A platform of two documents and two letters, which remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str | int]] = []
        self.error: Exception | None = None

    async def known(self, start: str) -> list[Known]:
        return [each for each in (PUMP, GATE) if each.id.startswith(start)]

    async def forget(self, doc_id: str) -> Forgotten:
        if self.error:
            raise self.error
        self.done.append(("forget", doc_id))
        return Forgotten(id=doc_id, chunks=6, objects=2, dead_letters=1)

    async def dead_letters(self) -> list[Listed]:
        return LETTERS

    async def dead_letter(self, number: int) -> Shown:
        return Shown(**LETTERS[0].model_dump(), subject="doc.chunked", deliveries=3, payload='{"a": "\x1b[31m"}')

    async def replay(self, number: int) -> None:
        self.done.append(("replay", number))

    async def purge(self, number: int) -> None:
        self.done.append(("purge", number))


@pytest.fixture
def stores(monkeypatch: pytest.MonkeyPatch) -> Stores:
    stores = Stores()

    @asynccontextmanager
    async def opened() -> Any:
        yield stores

    @contextmanager
    def platform(_: object) -> Iterator[running.Running]:
        yield running.Running(100, opened, lambda: [], running._local_away)

    monkeypatch.setattr(running, "platform", platform)
    monkeypatch.delenv("DEPLOY_CONFIRM", raising=False)
    return stores


@pytest.fixture
def agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_CONFIRM", "yes")


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert cli.run(list(arguments)) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if len(line) > 100] == []
    return lines


def test_what_is_no_id_is_refused_all_at_once_and_nothing_is_asked_of_the_platform(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rule = "ids are SHA-256, 4 digits at least · sha256sum FILE tells it"
    assert refused(capsys, "forget", "a-very-long-file-name.md", "abc", "abcd") == [
        f"DOC a-very-long-file… · no id · {rule}",
        f"DOC abc · no id · {rule}",
    ]


def test_an_unknown_id_and_one_that_names_several_are_refused_and_nothing_is_forgotten(
    stores: Stores, agreed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forgetting, "SHORTEST", 3)
        assert refused(capsys, "forget", "abc", "f" * 64, "abcd") == [
            "DOC abc · 2 ids begin so: abcd00000000, abce00000000 · write more of it",
            "DOC ffffffffffffffff… · no document has this id · sha256sum FILE tells it",
        ]
    assert stores.done == []


def test_a_document_by_the_beginning_of_its_id_is_forgotten_once(
    stores: Stores, agreed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["forget", "ABCD", PUMP.id, "abce"]) == 0
    assert stores.done == [("forget", PUMP.id), ("forget", GATE.id)]
    assert capsys.readouterr().out.splitlines() == [
        "forgotten: Heat pump manual (abcd00000000) · 6 chunks, 2 objects, 1 dead letters",
        "forgotten: abce00000000 · 6 chunks, 2 objects, 1 dead letters",
    ]


def test_what_was_forgotten_is_told_to_programs(
    stores: Stores, agreed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["forget", "abcd", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "forget/1",
        "documents": [{"title": "Heat pump manual", "id": PUMP.id, "chunks": 6, "objects": 2, "dead_letters": 1}],
    }


@pytest.mark.parametrize("command", [["forget", "abcd"], ["dlq", "purge", "7"], ["dlq", "purge", "all"]])
def test_without_a_terminal_and_without_a_yes_nothing_is_destroyed(
    stores: Stores, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert refused(capsys, *command) == [
        "DEPLOY_CONFIRM · not set · without a terminal nobody can be asked · set DEPLOY_CONFIRM=yes"
    ]
    assert stores.done == []


@pytest.mark.parametrize(("answer", "code", "done"), [("y\n", 0, [("purge", 7)]), ("n\n", 1, []), ("\n", 1, [])])
def test_on_a_terminal_the_person_is_asked_and_silence_is_a_no(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, done: list[tuple[str, int]]
) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    assert cli.run(["dlq", "purge", "7"]) == code
    assert stores.done == done


def test_a_store_that_is_away_ends_it_with_the_mend(
    stores: Stores, agreed: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stores.error = Unavailable("oxigraph", "no answer")
    [line] = refused(capsys, "forget", "abcd")
    assert line.startswith("oxigraph · no answer · ./lab local-status shows what is wrong")


def test_the_question_names_what_would_go() -> None:
    assert forgetting.question([PUMP]) == "Forget Heat pump manual (abcd00000000), with everything made of it?"
    assert "abce00000000 and 2 more, " in forgetting.question([PUMP, PUMP, GATE, GATE, GATE])


def test_letters_are_a_line_each() -> None:
    out = io.StringIO()
    Console(file=out, width=100).print(dead_letters.rows(LETTERS))
    assert [line.split() for line in out.getvalue().splitlines()[2:]] == [
        ["7", "abcd00000000", "embed", "2026-11-29", "05:41", "too", "heavy"],
        ["9", "–", "chunk", "2026-11-29", "05:42", "malformed"],
    ]


def test_a_letter_is_shown_whole_and_its_escape_sequences_are_not_obeyed(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["dlq", "show", "7"]) == 0
    assert capsys.readouterr().out == (
        "number      7\n"
        f"document    {PUMP.id}\n"
        "stage       embed\n"
        "reason      too heavy\n"
        "failed at   2026-11-29T05:41:23+00:00\n"
        "deliveries  3\n"
        "subject     doc.chunked\n"
        "\n"
        '{"a": " [31m"}\n'
    )
    assert cli.run(["dlq", "show", "7", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["number"], shown["payload"]) == ("dlq-show/1", 7, '{"a": "\x1b[31m"}')


def test_letters_are_replayed_by_number_or_all_of_them(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["dlq", "replay", "9", "9"]) == 0
    assert cli.run(["dlq", "replay", "all", "--json"]) == 0
    out = capsys.readouterr().out
    assert stores.done == [("replay", 9), ("replay", 7), ("replay", 9)]
    assert out.startswith("1 dead letter replayed\n")
    assert json.loads(out.partition("\n")[2]) == {"schema": "dlq-replayed/1", "replayed": [7, 9]}


def test_a_number_that_is_no_letter_s_is_refused_and_none_is_replayed(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, "dlq", "replay", "7", "8", "x") == [
        "dead letter 8 · there is none of this number · ./lab dlq list shows them",
        "dead letter x · there is none of this number · ./lab dlq list shows them",
    ]
    assert stores.done == []


def test_letters_are_listed_for_programs(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["dlq", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert (listed["schema"], listed["letters"][0]["number"]) == ("dlq-list/1", 7)
    assert set(listed["letters"][0]) == {"number", "document", "stage", "reason", "failed_at"}


@pytest.mark.parametrize("command", [["forget", "abcd"], ["dlq", "list"]])
def test_without_a_platform_it_says_how_to_start_one(
    command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text("version: 1\nhosts: {desktop: {address: local}}\n")
    monkeypatch.setenv("HOMELAB_FILE", str(lab))
    assert cli.run(command) == 1
    assert capsys.readouterr().err.endswith("it does not run · start it with ./lab local-up\n")
