"""The platform through its API, as a command uses it: the real API, and a stand-in for the stages."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from api_process import QUESTION, Platform, platform, serving
from stages_stand_in import Stages, died
from stages_stand_in import platform as stages_of

from pipeline.adapters.bus import Bus
from pipeline.adapters.objects import Objects
from pipeline.contract import IngestRequested, Subject, document_id
from pipeline.dead_letters import DeadLetters
from pipeline.errors import Malformed, Unavailable
from pipeline.follow import Progress
from pipeline.forget import Known
from pipeline.ingest import Report, ingest
from pipeline.remote import Remote, remote


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with platform(tmp_path_factory.mktemp("platform")) as lab:
        yield lab


@pytest.fixture(scope="module")
def url(lab: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(lab.settings, tmp_path_factory.mktemp("api") / "api.log") as client:
        yield str(client.base_url)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Remote]:
    async with remote(url, "localhost") as platform:
        assert isinstance(platform, Remote)
        yield platform


def gone(reason: str, at: str) -> Callable[[IngestRequested], tuple[str, bytes]]:
    """As the worker tells it: on a subject with the document's id."""

    def fate(request: IngestRequested) -> tuple[str, bytes]:
        subject, body = died(reason)(request)
        return f"{subject}.{request.doc_id}", body.replace(b"2026-01-01", at.encode())

    return fate


async def test_questions_are_answered(url: str) -> None:
    async with opened(url) as api:
        answer, found, status = await api.ask(QUESTION, 3), await api.search("VLAN", 2), await api.status()
        rows = await api.sparql("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert "74 minutes" in (answer.answer or "")
    assert [passage.document for passage in found.passages] == ["The network at home"] * 2
    assert status.counts.documents == 2
    assert rows == [{"n": "0"}]


async def test_a_query_that_would_change_something_is_refused(url: str) -> None:
    async with opened(url) as api:
        with pytest.raises(Malformed):
            await api.sparql("DROP ALL")


async def test_documents_are_sent_followed_and_left_alone_the_second_time(
    lab: Platform, url: str, tmp_path: Path
) -> None:
    for name in ("a.txt", "b.md"):
        (tmp_path / name).write_text(f"words of {name}")
    (tmp_path / "late.pdf").write_text("plain text by its content")
    states: list[Progress] = []
    async with stages_of(lab.settings) as (_, stages), opened(url) as api:
        first = await ingest([tmp_path], await api.uploads(), progress=states.append)
        second = await ingest([tmp_path], await api.uploads())
    assert (first.ingested, first.unchanged, first.failed, first.stopped) == (3, 0, (), None)
    assert (second.ingested, second.unchanged, second.ok) == (0, 3, True)
    assert sorted(request.source_uri for request in stages.seen) == [
        "upload:a.txt",
        "upload:b.md",
        "upload:late.pdf",
    ]
    assert (states[-1].accepted, states[-1].ingested) == (3, 3)
    assert first.notes == (f"{tmp_path}/late.pdf: the name ends in .pdf, the content is plain text",)


async def test_one_that_was_given_up_has_its_line_and_can_be_sent_again(
    lab: Platform, url: str, tmp_path: Path
) -> None:
    path = tmp_path / "locked.txt"
    path.write_text("words behind a lock")

    async def sent(stages: Stages, fate: Callable[[IngestRequested], tuple[str, bytes]] | None) -> Report:
        stages.fates = {} if fate is None else {path.name: fate}
        async with opened(url) as api:
            return await ingest([path], await api.uploads())

    async with stages_of(lab.settings) as (_, stages):
        first = await sent(stages, gone("it is locked; save a copy", "2026-01-01"))
        again = await sent(stages, gone("it is still locked; save a copy", "2026-01-02"))
        last = await sent(stages, None)
    assert [str(problem) for problem in first.failed] == [f"{path} · it is locked · save a copy"]
    assert [str(problem) for problem in again.failed] == [f"{path} · it is still locked · save a copy"]
    assert (last.ingested, last.ok) == (1, True)


async def test_what_the_api_does_not_take_is_a_line_of_the_report(url: str, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("x" * (1024**2 + 1))  # its limit is 1 MiB, ours 100
    async with opened(url) as api:
        report = await ingest([path], await api.uploads())
    assert [str(problem) for problem in report.failed] == [f"{path} · documents have at most 1 MiB"]


async def test_documents_are_forgotten_and_unknown_ones_refused(url: str, tmp_path: Path, lab: Platform) -> None:
    (tmp_path / "c.txt").write_text("words to forget")
    async with stages_of(lab.settings), opened(url) as api:
        await ingest([tmp_path], await api.uploads())
        doc_id = document_id(b"words to forget")
        assert await api.known(doc_id[:9]) == [Known(id=doc_id, title="t")]
        assert (await api.forget(doc_id)).objects == 1
        assert await api.known(doc_id) == []
        with pytest.raises(Malformed, match="no such document"):
            await api.forget(doc_id)
        again = await ingest([tmp_path], await api.uploads())
    assert (again.ingested, again.unchanged) == (1, 0)


async def test_dead_letters_are_listed_shown_replayed_and_purged(url: str, lab: Platform) -> None:
    async with opened(url) as api:
        before = len(await api.dead_letters())
        bus = await Bus.connect(lab.settings, "test")
        letters = DeadLetters("extract", bus, Objects(lab.settings))
        for number in range(102):  # more than a page
            await letters.bury(Subject.INGEST_REQUESTED, b"{}", "d", f"reason {number}", 1, dedupe=f"t:{number}")
        await bus.close()
        listed = (await api.dead_letters())[before:]
        assert [letter.reason for letter in listed] == [f"reason {number}" for number in range(102)]
        assert (await api.dead_letter(listed[0].number)).payload == "{}"
        await api.replay(listed[0].number)
        await api.purge(listed[1].number)
        assert (await api.dead_letters())[before].reason == "reason 2"
        for gone in (api.dead_letter, api.replay, api.purge):
            with pytest.raises(Malformed, match=f"^dead letter {listed[0].number}: there is no"):
                await gone(listed[0].number)


async def test_nobody_waits_for_one_that_the_api_does_not_know_any_more(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")

    def api(request: httpx.Request) -> httpx.Response:
        return httpx.Response(202, json={}) if request.method == "POST" else httpx.Response(404)

    async with httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(api)) as client:
        report = await ingest([path], Remote(client))
    assert [str(problem) for problem in report.failed] == [
        f"{path} · it was forgotten while it was on its way · ingest it again"
    ]


async def test_nobody_at_the_other_end_is_said(url: str) -> None:
    async with remote("http://127.0.0.1:1", "api") as platform:
        with pytest.raises(Unavailable, match=r"^api: "):
            await platform.status()


async def test_an_answer_that_is_not_the_api_s_own_is_told_in_short() -> None:
    def proxy(_: httpx.Request) -> httpx.Response:
        return httpx.Response(502, text="<html>bad\n gateway</html>")

    async with httpx.AsyncClient(base_url="http://api", transport=httpx.MockTransport(proxy)) as client:
        with pytest.raises(Unavailable, match=r"^api: 502 <html>bad gateway</html>$"):
            await Remote(client).status()
