"""A whole ingest over a real bus, feed, database and object folder; a stand-in plays the four stages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from chain import eventually
from stages_stand_in import died, platform

from pipeline import follow
from pipeline.contract import Bucket, Forgotten, IngestRequested, Subject, document_id
from pipeline.errors import Malformed, Unavailable
from pipeline.follow import Progress
from pipeline.ingest import accept, ingest
from pipeline.settings import Settings

Exists = Callable[[str, str], Awaitable[bool]]


async def test_documents_go_in_are_followed_to_their_end_and_are_left_alone_the_second_time(
    lab: Settings, tmp_path: Path
) -> None:
    for name in ("a.txt", "b.md"):
        (tmp_path / name).write_text(f"words of {name}")
    states: list[Progress] = []
    async with platform(lab) as (doors, stages):
        first = await ingest([tmp_path / "a.txt", tmp_path / "b.md"], doors, progress=states.append)
        second = await ingest([tmp_path / "a.txt", tmp_path / "b.md"], doors)
        assert await doors.objects.get(Bucket.RAW, document_id(b"words of a.txt")) == b"words of a.txt"
    assert (first.ingested, first.unchanged, first.failed, first.chunks) == (2, 0, (), 6)
    assert (first.in_background, first.stopped, first.ok) == (0, None, True)
    assert (second.ingested, second.unchanged, second.ok) == (0, 2, True)
    assert [request.source_uri for request in stages.seen] == [
        (tmp_path / name).as_uri() for name in ("a.txt", "b.md")
    ]
    last = states[-1]
    assert (last.found, last.accepted, last.ingested, last.chunks) == (2, 2, 2, 6)


async def test_two_names_of_one_content_are_one_document(lab: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text("the same words")
    async with platform(lab) as (doors, stages):
        report = await ingest([folder], doors)
    assert len(stages.seen) == report.ingested == 1
    assert report.notes == (f"{folder}/b.txt has the same content as {folder}/a.txt: one document",)


async def test_bad_documents_get_a_line_each_and_the_rest_goes_on(lab: Settings, tmp_path: Path) -> None:
    good, empty, locked, late = (tmp_path / name for name in ("good.txt", "empty.txt", "locked.txt", "late.pdf"))
    good.write_text("words")
    empty.touch()
    locked.write_text("more words")
    late.write_text("plain text by its content")
    async with platform(lab) as (doors, stages):
        stages.fates["locked.txt"] = died("the PDF is protected by a password; save a copy without one")
        report = await ingest([tmp_path / "missing", empty, locked, late, good], doors)
    assert [str(problem) for problem in report.failed] == [
        f"{tmp_path}/missing · no such file or folder · paths must exist · check the spelling",
        f"{empty} · an empty file · a document has content · leave it out",
        f"{locked} · the PDF is protected by a password · save a copy without one",
    ]
    assert (report.ingested, report.ok) == (2, False)
    assert report.notes == (f"{late}: the name ends in .pdf, the content is plain text",)


async def test_a_document_that_failed_can_be_given_again_at_once(lab: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    async with platform(lab) as (doors, stages):
        stages.fates["a.txt"] = died("it is damaged")
        assert not (await ingest([path], doors)).ok
        del stages.fates["a.txt"]
        assert (await ingest([path], doors)).ingested == 1


async def test_nobody_waits_for_one_that_is_forgotten_on_its_way(lab: Settings, tmp_path: Path) -> None:
    def forgotten(request: IngestRequested) -> tuple[str, bytes]:
        mark = Forgotten(doc_id=request.doc_id)
        return f"{Subject.FORGOTTEN}.{request.doc_id}", mark.model_dump_json().encode()

    path = tmp_path / "a.txt"
    path.write_text("words")
    async with platform(lab) as (doors, stages):
        stages.fates["a.txt"] = forgotten
        report = await ingest([path], doors)
    assert [str(problem) for problem in report.failed] == [
        f"{path} · it was forgotten while it was on its way · ingest it again"
    ]


async def test_stopping_leaves_accepted_documents_to_the_background(lab: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    stop = asyncio.Event()
    async with platform(lab) as (doors, stages):
        stages.open.clear()
        tell: Callable[[Progress], None] = lambda state: stop.set() if state.accepted else None  # noqa: E731
        report = await ingest([path], doors, progress=tell, stop=stop)
        stages.open.set()
        again = await ingest([path], doors)
    assert (report.stopped, report.in_background, report.ingested) == ("stopped on request", 1, 0)
    assert again.ingested + again.unchanged == 1


async def test_no_more_documents_are_under_way_than_the_limit(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "IN_FLIGHT", 3)
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number}.txt").write_text(f"words {number}")
    most = 0

    def tell(state: Progress) -> None:
        nonlocal most
        most = max(most, state.accepted - state.ingested)

    async with platform(lab) as (doors, _):
        report = await ingest([folder], doors, progress=tell)
    assert report.ingested == 12
    assert most == 3


async def test_a_document_whose_last_event_was_lost_is_found_complete_in_the_store(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "QUIET", 0.1)
    path = tmp_path / "a.txt"
    path.write_text("words")

    class Deaf:
        @asynccontextmanager
        async def follow(self, *_: str) -> AsyncIterator[AsyncIterator[tuple[str, bytes]]]:
            async def nothing() -> AsyncIterator[tuple[str, bytes]]:
                await asyncio.Event().wait()
                yield "", b""

            yield nothing()

    async with platform(lab) as (doors, _):
        report = await ingest([path], replace(doors, feed=Deaf()))
    assert (report.ingested, report.ok) == (1, True)


def _away(times: int, exists: Exists, silent: float = 0.0) -> Exists:
    """`exists` of a store that is away at first; `silent` are the seconds that each failure takes to show."""

    async def asked(bucket: str, key: str) -> bool:
        nonlocal times
        if times:
            times -= 1
            await asyncio.sleep(silent)
            raise Unavailable("objects", "connection refused")
        return await exists(bucket, key)

    return asked


async def test_a_service_that_comes_back_in_time_is_waited_for_and_one_that_stays_away_ends_the_run(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "RETRY", 0.05)
    monkeypatch.setattr(follow, "OUTAGE", 0.5)
    path = tmp_path / "a.txt"
    path.write_text("words")

    async with platform(lab) as (doors, _):
        exists = doors.objects.exists
        monkeypatch.setattr(doors.objects, "exists", _away(1_000, exists))
        gone = await ingest([path], doors)
        monkeypatch.setattr(doors.objects, "exists", _away(3, exists))
        back = await ingest([path], doors)
    assert (gone.stopped, gone.ingested) == ("objects: connection refused", 0)
    assert back.ingested == 1


async def test_a_question_that_took_longer_than_an_outage_to_fail_is_asked_once_more(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "RETRY", 0.05)
    monkeypatch.setattr(follow, "OUTAGE", 0.2)
    path = tmp_path / "a.txt"
    path.write_text("words")

    async with platform(lab) as (doors, _):
        monkeypatch.setattr(doors.objects, "exists", _away(1, doors.objects.exists, silent=0.4))
        report = await ingest([path], doors)
    assert (report.stopped, report.ingested) == (None, 1)


async def test_a_feed_whose_server_is_started_anew_as_the_run_begins_is_waited_for(
    lab: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    lost = 2

    async with platform(lab) as (doors, _):

        class Late:
            @asynccontextmanager
            async def follow(self, *subjects: str) -> AsyncIterator[AsyncIterator[tuple[str, bytes]]]:
                nonlocal lost
                lost -= 1
                if lost >= 0:
                    raise Unavailable("nats", "nats: timeout")
                async with doors.feed.follow(*subjects) as events:
                    yield events

        report = await ingest([path], replace(doors, feed=Late()))
    assert (report.ingested, report.stopped) == (1, None)
    assert lost == -1


async def test_an_upload_is_accepted_once_and_refused_in_one_sentence(lab: Settings) -> None:
    async with platform(lab) as (doors, stages):
        doc_id, known = await accept(b"words", "a.txt", "upload:a.txt", doors)
        assert (doc_id, known) == (document_id(b"words"), False)

        async def completed() -> bool:
            return bool(await doors.vectors.completed([doc_id]))

        await eventually(completed, "the stand-in completes it")
        assert await accept(b"words", "a.txt", "upload:a.txt", doors) == (doc_id, True)
        assert [request.metadata.filename for request in stages.seen] == ["a.txt"]
        for raw, reason in (
            (b"", "it is empty"),
            (b"x" * 1024**2 * 2, "it has 2 MiB; documents have at most 1 MiB"),
        ):
            with pytest.raises(Malformed) as caught:
                await accept(raw, "a.txt", "upload:a.txt", doors, max_mib=1)
            assert caught.value.reason == reason
