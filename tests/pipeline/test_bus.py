"""Publishing and listening over a real NATS server; bootstrap's streams and consumers."""

import asyncio
from pathlib import Path

import nats
import pytest
from chain import opened

from pipeline import bootstrap as module
from pipeline.adapters.bus import Bus
from pipeline.adapters.feed import Feed
from pipeline.bootstrap import bootstrap
from pipeline.contract import STREAMS, Subject
from pipeline.errors import NoSpace, Unavailable
from pipeline.settings import Settings
from servers import PATIENCE, Server, until
from servers import nats as nats_on
from small_disk import fill, small_disk

FOLLOWED = (Subject.EMBED_COMPLETED, Subject.KG_COMPLETED, f"{Subject.DEAD}.>")


async def test_bootstrap_says_what_it_created_and_then_that_nothing_is_to_do(lab: Settings) -> None:
    created = await bootstrap(lab)
    assert created == [
        "tables created",
        "stream INGEST created",
        "stream EMBED created",
        "stream KG created",
        "stream TELEMETRY created",
        "stream DEAD created",
        "consumer extract created",
        "consumer chunk created",
        "consumer embed created",
        "consumer graph created",
    ]
    assert await bootstrap(lab) == []


async def test_streams_are_those_of_the_contract_scaled_to_the_disk(lab: Settings) -> None:
    async with opened(lab) as opened_lab:
        for stream in STREAMS:
            config = (await opened_lab.jetstream.stream_info(stream.name)).config
            assert config.subjects == list(stream.subjects)
            assert config.max_age == stream.max_age
            assert config.max_bytes == stream.max_bytes // 100


async def test_bootstrap_changes_what_differs_but_never_below_what_is_stored(lab: Settings) -> None:
    await bootstrap(lab)
    async with opened(lab) as opened_lab:
        for _ in range(20):
            await opened_lab.jetstream.publish("kg.upsert.completed", b"x" * 900_000)
        stored = (await opened_lab.jetstream.stream_info("KG")).state.bytes
        changes = await bootstrap(lab.model_copy(update={"stream_scale": 0.000001}))
        assert "stream KG changed (max_bytes)" in changes
        after = await opened_lab.jetstream.stream_info("KG")
        assert (after.state.messages, after.config.max_bytes) == (20, stored)


def test_a_setting_that_cannot_be_ends_bootstrap_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LAB_EMBED_DIMENSIONS", "9999")
    module.load.cache_clear()
    assert module.main() == 1
    module.load.cache_clear()
    assert capsys.readouterr().err == (
        "bootstrap: LAB_EMBED_DIMENSIONS: Input should be less than or equal to 2000\n"
    )


async def test_a_message_is_stored_once_under_its_id(lab: Settings) -> None:
    async with opened(lab) as opened_lab:
        bus = await Bus.connect(lab, "test")
        await bus.publish("kg.upsert.completed", b"one", dedupe="id")
        await bus.publish("kg.upsert.completed", b"one", dedupe="id")
        await bus.publish("kg.upsert.completed", b"two")
        assert (await opened_lab.jetstream.stream_info("KG")).state.messages == 2
        await bus.close()


async def test_a_stream_that_is_full_takes_nothing_new_and_keeps_what_it_has(lab: Settings) -> None:
    small = lab.model_copy(update={"stream_scale": 0.000001})  # INGEST holds 10 KiB
    async with opened(small) as opened_lab:
        bus = await Bus.connect(small, "test")
        await bus.publish("doc.ingest.requested", b"x" * 8_000)
        with pytest.raises(NoSpace, match="no space left in the stream"):
            await bus.publish("doc.ingest.requested", b"x" * 8_000)
        assert (await opened_lab.jetstream.stream_info("INGEST")).state.messages == 1
        await bus.close()


async def test_no_server_is_unavailable_in_one_line_after_the_given_time(lab: Settings) -> None:
    with pytest.raises(Unavailable, match=r"nats: nats://127\.0\.0\.1:1: "):
        await Bus.connect(lab.model_copy(update={"nats_url": "nats://127.0.0.1:1"}), "test", 0.5)


async def test_a_follower_sees_what_is_published_from_its_begin_on(lab: Settings) -> None:
    async with opened(lab) as opened_lab:
        await opened_lab.jetstream.publish(Subject.KG_COMPLETED, b"before")
        bus = await Bus.connect(lab, "test")
        async with Feed(bus).follow(*FOLLOWED) as events:
            await opened_lab.jetstream.publish(Subject.EMBED_COMPLETED, b"1")
            assert await _next(events) == ("embed.completed", b"1")
            await opened_lab.jetstream.publish("dead.extract", b"2")
            assert await _next(events) == ("dead.extract", b"2")
            await opened_lab.jetstream.publish(Subject.KG_COMPLETED, b"3")
            assert await _next(events) == ("kg.upsert.completed", b"3")
        await bus.close()


async def test_a_follower_loses_no_worker_a_message(lab: Settings) -> None:
    async with opened(lab) as opened_lab:
        bus = await Bus.connect(lab, "test")
        async with Feed(bus).follow(Subject.EMBED_COMPLETED) as events:
            await opened_lab.jetstream.publish(Subject.EMBED_COMPLETED, b"1")
            await _next(events)
        waiting = await opened_lab.jetstream.consumer_info("EMBED", "graph")
        assert waiting.num_pending == 1
        await bus.close()


async def test_a_follower_misses_nothing_while_the_server_is_restarted(
    own_lab: tuple[Settings, dict[str, Server]], tmp_path: Path
) -> None:
    settings, servers = own_lab
    async with opened(settings):
        bus = await Bus.connect(settings, "test")
        async with Feed(bus).follow(*FOLLOWED) as events:
            await bus.publish(Subject.KG_COMPLETED, b"1")
            assert await _next(events) == ("kg.upsert.completed", b"1")
            servers["nats"].kill()
            servers["nats"].start()
            other = await nats.connect(settings.nats_url)
            await other.jetstream().publish(Subject.KG_COMPLETED, b"2")
            await other.jetstream().publish("dead.graph", b"3")
            assert {await _next(events), await _next(events)} == {
                ("kg.upsert.completed", b"2"),
                ("dead.graph", b"3"),
            }
            await other.close()
        await bus.close()


async def test_what_goes_wrong_around_a_follower_comes_out_as_it_is(lab: Settings) -> None:
    async with opened(lab):
        bus = await Bus.connect(lab, "test")
        with pytest.raises(KeyError):
            async with Feed(bus).follow(Subject.KG_COMPLETED):
                raise KeyError("mine")
        await bus.close()


async def test_a_full_disk_under_the_server_is_said_and_heard_although_nothing_can_be_stored(
    lab: Settings, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk, nats_on(disk) as server:
        settings = lab.model_copy(update={"nats_url": server.url})
        await bootstrap(settings)
        bus = await Bus.connect(settings, "test")
        async with Feed(bus).follow(f"{Subject.ALERT}.>") as events:
            fill(disk, 0)
            with pytest.raises(NoSpace, match="nats: no space left, it seems: the server answers"):
                await bus.publish("alerts.embed", b"x" * 8_000)
            assert await _next(events) == ("alerts.embed", b"x" * 8_000)
        await bus.close()


async def test_a_server_that_is_restarted_during_a_publication_is_away_not_full(
    own_lab: tuple[Settings, dict[str, Server]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, servers = own_lab
    async with opened(settings):
        bus = await Bus.connect(settings, "test")

        async def unanswered(*_: object, **__: object) -> None:
            await asyncio.to_thread(servers["nats"].restart)
            await asyncio.to_thread(until, lambda: bus.client.stats["reconnects"] == 1, "connected again")
            raise nats.errors.TimeoutError

        monkeypatch.setattr(bus.jetstream, "publish", unanswered)
        with pytest.raises(Unavailable) as error:
            await bus.publish(Subject.KG_COMPLETED, b"1")
        assert not isinstance(error.value, NoSpace)
        await bus.close()


async def _next(events: object) -> tuple[str, bytes]:
    async with asyncio.timeout(PATIENCE):
        return await anext(events)  # type: ignore[call-overload,no-any-return]
