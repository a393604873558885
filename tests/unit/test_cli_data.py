"""What `ask`, `search`, `ingest` and `status` print, and how they refuse."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from homelab.cli import answers, data, ingesting, running, state
from homelab.errors import InvalidInput, LocalError
from homelab.kube import forward
from homelab.lab.cluster import Cluster
from homelab.local.memory import Usage
from pipeline.answer import Answer, Fact, Passage
from pipeline.errors import Misconfigured, Unavailable
from pipeline.follow import Progress
from pipeline.ingest import Report
from pipeline.problem import Problem
from pipeline.settings import Settings
from pipeline.status import Consumer, Counts, Status, StreamStatus


def screen(width: int = 60, terminal: bool = False) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width, highlight=False, force_terminal=terminal, no_color=True), out


def passage(text: str, document: str = "Bus", page: int | None = 3) -> Passage:
    return Passage(text=text, score=1, document=document, uri="file:///bus", page=page, heading="Limits")


ANSWER = Answer(
    answer="“It keeps 4 GiB.” [4]",
    degraded=("no language model: quoted, not synthesised",),
    passages=(
        passage("The first passage speaks of a bus and says nothing else."),
        passage("second"),
        passage("third"),
        passage("machine | memory\nbus | 4 GiB", page=None),
        passage("fifth"),
    ),
    facts=(Fact(subject="bus", predicate="is related to", object="message"),),
)


def test_an_answer_comes_with_the_first_passages_and_those_that_it_cites() -> None:
    console, out = screen()
    answers.show(ANSWER, console, passages=1)
    assert out.getvalue() == (
        "“It keeps 4 GiB.” [4]\n"
        "\n"
        "[1] Bus · page 3 · Limits\n"
        "    The first passage speaks of a bus and says nothing else.\n"
        "[4] Bus · Limits\n"
        "    machine | memory\n"
        "    bus | 4 GiB\n"
        "\n"
        "Related\n"
        "    bus is related to message\n"
        "\n"
        "Note: no language model: quoted, not synthesised\n"
    )


def test_a_search_shows_every_passage_wrapped_to_the_width() -> None:
    console, out = screen(width=40)
    answers.show(ANSWER.model_copy(update={"answer": None}), console)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("[")][-1] == "[5] Bus · page 3 · Limits"
    assert lines[:3] == [
        "[1] Bus · page 3 · Limits",
        "    The first passage speaks of a bus",
        "    and says nothing else.",
    ]


def test_nothing_found_is_said() -> None:
    console, out = screen()
    answers.show(Answer(answer=None), console)
    assert out.getvalue() == "Nothing was found.\n"


def test_escape_sequences_of_a_document_do_not_reach_the_terminal() -> None:
    console, out = screen(terminal=True)
    evil = "a\x1b]0;owned\x07b\x9b31m [bold]c[/bold]"
    answers.show(Answer(answer=evil, passages=(passage(evil, document=evil),), degraded=(evil,)), console)
    assert "\x1b]" not in out.getvalue()
    assert "\x9b" not in out.getvalue()
    assert "[bold]c[/bold]" in out.getvalue()


def test_a_long_passage_is_cut_at_a_word() -> None:
    cut = answers.excerpt(passage("word " * 100))
    assert cut.endswith("word …")
    assert len(cut) <= answers.EXCERPT + 2


REPORT = Report(
    ingested=8,
    unchanged=2,
    failed=(Problem("bad/a-long-file-name.pdf", "an empty file", "a document has content", "leave it out"),),
    notes=("left out 3 hidden files",),
    seconds=4.0,
    chunks=49,
)


def test_a_summary_has_a_line_for_each_problem_and_the_rates() -> None:
    console, out = screen(width=40)
    ingesting.summary(REPORT, console)
    assert out.getvalue().splitlines()[:2] == [
        "bad/a-long-file-name.pdf · an empty file · a document has content · leave it out",
        "Note: left out 3 hidden files",
    ]
    assert " ".join(out.getvalue().split()).endswith(
        "8 documents ingested, 49 chunks, in 4.0 s · 2.0 documents/s, 12.2 chunks/s · 2 known already · 1 failed"
    )


def test_a_run_that_ended_early_says_why_and_what_goes_on() -> None:
    console, out = screen(width=100)
    ingesting.summary(Report(0, 0, (), (), 1.0, 0, in_background=3, stopped="objects: no space left"), console)
    assert "Ended early: objects: no space left. The next run takes the rest." in out.getvalue()
    assert "3 accepted documents go on in the background." in out.getvalue()


def test_a_report_for_programs_keeps_its_names() -> None:
    document = json.loads(json.dumps(ingesting.document(REPORT)))
    assert document["failed"][0]["given"] == "an empty file"
    assert {"ingested", "unchanged", "chunks", "seconds", "in_background", "stopped"} <= set(document)
    assert (document["documents_per_second"], document["chunks_per_second"]) == (2.0, 12.25)


def test_without_a_terminal_progress_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(ingesting.time, "monotonic", lambda: now)
    console, out = screen()
    with ingesting.shown_progress(console, quiet=False) as tell:
        tell(Progress(found=10, ingested=1, latest="a.pdf"))
        now = 6.0
        tell(Progress(found=10, ingested=3, unchanged=1, failed=1, chunks=40, latest="b.pdf"))
        tell(Progress(found=10, ingested=4, latest="c.pdf"))
    assert out.getvalue() == "5 of 10 documents · 40 chunks · b.pdf\n"


def test_on_a_terminal_progress_is_a_bar() -> None:
    console, out = screen(width=100, terminal=True)
    with ingesting.shown_progress(console, quiet=False) as tell:
        tell(Progress(found=10, ingested=10, latest="x" * 50))
    assert "10/10" in out.getvalue()


def test_for_programs_no_progress_is_shown() -> None:
    console, out = screen(terminal=True)
    with ingesting.shown_progress(console, quiet=True) as tell:
        tell(Progress(found=10, ingested=10))
    assert out.getvalue() == ""


SERVICE = Usage("nats", "nats", "ready", 7, 10, 12, 1719, "cgroup", 0)
PIPELINE = Status(
    streams=(StreamStatus(name="INGEST", messages=5, bytes=2 * 1024**2, max_bytes=9, consumers=(
        Consumer(name="chunk", pending=2, unacknowledged=1, redelivered=0),
        Consumer(name="embed", pending=1, unacknowledged=0, redelivered=0),
    )),),
    counts=Counts(documents=8, chunks=49, embeddings=49, dead_letters=0),
    problems=("oxigraph: no answer within 5 s",),
)  # fmt: skip


def test_status_for_programs_has_the_names_that_were_promised() -> None:
    document = state.document([SERVICE], PIPELINE)
    assert {"name", "state", "pid", "rss_mib", "limit_mib", "restarts"} <= set(document["services"][0])
    assert document["counts"] == {
        "documents": 8, "chunks": 49, "embeddings": 49, "triples": None, "dead_letters": 0
    }  # fmt: skip
    assert document["streams"][0]["consumers"][0]["pending"] == 2


def test_status_for_people_shows_what_waits_and_what_could_not_be_counted() -> None:
    console, out = screen(width=100)
    state.show([SERVICE], PIPELINE, console)
    row = next(line for line in out.getvalue().splitlines() if line.startswith("INGEST"))
    assert row.split() == ["INGEST", "5", "2.0", "3", "1"]
    assert "8 documents · 49 chunks · 49 embeddings · ? triples · 0 dead letters" in out.getvalue()
    assert "oxigraph: no answer within 5 s" in out.getvalue()


@pytest.mark.parametrize(("text", "said"), [([" "], "0 characters"), (["x" * 2001], "2001 characters")])
def test_a_question_has_a_length(text: list[str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        data.ask(text)


@pytest.fixture
def idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab whose platform never ran."""
    example = Path(__file__).parents[2] / "lab.example.yaml"
    lab = tmp_path / "lab.yaml"
    lab.write_text(example.read_text())
    monkeypatch.setenv("HOMELAB_FILE", str(lab))
    return tmp_path


@pytest.mark.parametrize(
    "verb",
    [
        lambda: data.search(["x"]),
        lambda: data.ask(["x"]),
        data.status,
        lambda: data.ingest([Path("x")]),
        lambda: data.sparql("ASK {}"),
    ],
    ids=["search", "ask", "status", "ingest", "sparql"],
)
def test_without_a_platform_every_verb_says_how_to_start_it(idle: Path, verb: Any) -> None:
    with pytest.raises(LocalError) as caught:
        verb()
    assert (
        str(caught.value) == f"local platform in {idle / '.lab'} · it does not run · start it with ./lab local-up"
    )


def test_a_service_that_is_away_is_named_with_the_mend() -> None:
    line = r"^postgres · no answer within 4 s · \./lab local-status shows"
    with pytest.raises(LocalError, match=line), running.needed(running._local_away):
        raise Unavailable("postgres", "no answer within 4 s")


def test_a_wrong_setting_stays_what_it_is() -> None:
    with pytest.raises(Misconfigured), running.needed(running._local_away):
        raise Misconfigured("embedding model", "384, not 768")


@contextmanager
def no_door(cluster: Cluster, service: str, port: int) -> Iterator[str]:
    yield f"http://{cluster.context}/{service}:{port}"


@pytest.mark.parametrize(
    ("runs", "on", "cluster"),
    [
        (False, None, True),
        (True, None, False),
        (True, running.Where.CLUSTER, True),
    ],
    ids=["nothing local", "both", "the cluster by name"],
)
def test_the_local_platform_is_meant_while_it_runs(
    idle: Path, monkeypatch: pytest.MonkeyPatch, runs: bool, on: running.Where | None, cluster: bool
) -> None:
    (idle / "lab.yaml").write_text("version: 1\nhosts: {one: {address: local}}\ncluster: {context: home}\n")
    monkeypatch.setattr(forward, "forwarded", no_door)
    monkeypatch.setattr(running.supervisord, "is_running", lambda _: runs)
    monkeypatch.setattr(running, "settings", lambda _: Settings())
    with running.platform(on) as found:
        error = found.away(Unavailable("postgres", "no answer"))
    assert str(error).startswith("cluster home postgres · " if cluster else "postgres · ")


def test_a_cluster_by_name_must_be_in_the_lab(idle: Path) -> None:
    with (
        pytest.raises(InvalidInput, match=r"^lab\.yaml cluster · missing"),
        running.platform(running.Where.CLUSTER),
    ):
        pass


def test_rows_have_a_column_for_each_variable() -> None:
    console, out = screen()
    answers.rows([{"a": "1"}, {"a": "2", "b": "x\x1b[31m"}], console)
    assert [line.split() for line in out.getvalue().splitlines() if "─" not in line] == [
        ["a", "b"],
        ["1"],
        ["2", "x", "[31m"],
    ]
