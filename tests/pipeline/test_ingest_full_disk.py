"""An ingest that meets a full disk, and one that begins just after room was made; a stand-in plays the stages."""

import asyncio
import errno
from pathlib import Path

import pytest
from chain import eventually
from stages_stand_in import platform

from pipeline import follow
from pipeline.contract import Alert, IngestRequested, Subject
from pipeline.errors import NoSpace
from pipeline.ingest import ingest
from pipeline.settings import Settings

FULL = Alert(stage="embed", doc_id=None, reason="postgres: No space left on device", raised_at="now")


async def test_a_full_disk_ends_the_run_with_one_line_and_the_next_run_takes_the_rest(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(f"words {number}")
    async with platform(lab) as (doors, _):
        put, stored = doors.objects.put, 0

        async def full(bucket: str, key: str, body: bytes) -> None:
            nonlocal stored
            if stored == 2:
                raise NoSpace("objects", f"no space left on device ({errno.ENOSPC})")
            stored += 1
            await put(bucket, key, body)

        monkeypatch.setattr(follow, "HEALS", 0.1)
        monkeypatch.setattr(doors.objects, "put", full)
        first = await ingest([folder], doors)
        monkeypatch.setattr(doors.objects, "put", put)
        second = await ingest([folder], doors)
    assert first.stopped == f"objects: no space left on device ({errno.ENOSPC})"
    assert first.failed == ()
    assert first.ingested + first.in_background == 2
    assert (second.ingested + second.unchanged, second.ok) == (5, True)


async def test_a_stage_that_reports_a_full_disk_ends_the_run(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "HEALS", 0)
    path = tmp_path / "a.txt"
    path.write_text("words")

    def alert(request: IngestRequested) -> tuple[str, bytes]:
        return f"{Subject.ALERT}.embed", FULL.model_dump_json().encode()

    async with platform(lab) as (doors, stages):
        stages.fates["a.txt"] = alert
        report = await ingest([path], doors)
    assert report.stopped == "stage embed: postgres: No space left on device"
    assert (report.ingested, report.in_background) == (0, 1)


async def test_room_that_was_made_just_before_the_run_counts_although_a_stage_has_not_noticed(
    lab: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    async with platform(lab) as (doors, stages):
        stages.open.clear()
        running = asyncio.create_task(ingest([path], doors))

        async def seen() -> bool:
            return bool(stages.seen)

        await eventually(seen, "requested")
        await doors.bus.publish(f"{Subject.ALERT}.embed", FULL.model_dump_json().encode())
        stages.open.set()
        report = await running
    assert (report.ingested, report.stopped) == (1, None)


async def test_a_store_that_takes_note_of_the_room_a_moment_later_is_waited_for(
    lab: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("words")
    async with platform(lab) as (doors, _):
        put, refused = doors.objects.put, 0

        async def late(bucket: str, key: str, body: bytes) -> None:
            nonlocal refused
            if refused < 2:
                refused += 1
                raise NoSpace("objects", "no space left on device")
            await put(bucket, key, body)

        monkeypatch.setattr(doors.objects, "put", late)
        report = await ingest([path], doors)
    assert (report.ingested, report.stopped, refused) == (1, None, 2)
