"""Dead letters are listed, shown, sent again and purged, over a real server; none is lost on the way."""

from collections.abc import AsyncIterator

import pytest
from chain import Lab, document, opened

from pipeline.adapters.bus import Bus
from pipeline.contract import Bucket, Subject
from pipeline.dead_letter_queue import DeadLetterQueue
from pipeline.dead_letters import DeadLetters
from pipeline.errors import Malformed, Unavailable
from pipeline.settings import Settings

LARGE = b'{"doc_id": "%s"}' % (b"x" * 400_000)


@pytest.fixture
async def opened_lab(lab: Settings) -> AsyncIterator[Lab]:
    async with opened(lab) as made:
        yield made


@pytest.fixture
async def bus(opened_lab: Lab) -> AsyncIterator[Bus]:
    connected = await Bus.connect(opened_lab.settings, "test")
    yield connected
    await connected.close()


@pytest.fixture
def queue(bus: Bus, opened_lab: Lab) -> DeadLetterQueue:
    return DeadLetterQueue(bus, opened_lab.objects)


async def bury(bus: Bus, lab: Lab, *bodies: bytes, request: int | None = None) -> None:
    """A letter and an alert of each: the letters have the numbers 1, 3, 5 …"""
    letters = DeadLetters("embed", bus, lab.objects)
    for number, body in enumerate(bodies):
        name, reason = f"INGEST:{number}", f"reason {number}"
        await letters.bury(Subject.CHUNKED, body, document().doc_id, reason, 3, name, request)


async def chunked(lab: Lab) -> list[bytes]:
    """What waits for the stage that the letters came from."""
    reader = await lab.jetstream.pull_subscribe_bind("embed", "INGEST")
    waiting = (await lab.jetstream.consumer_info("INGEST", "embed")).num_pending or 0
    return [(await reader.fetch(1))[0].data for _ in range(waiting)]


async def test_letters_are_listed_from_the_oldest_on_without_the_alerts_between_them(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    assert await queue.page() == []
    await bury(bus, opened_lab, b"{}", b"{}", b"{}")
    assert [(each.number, each.reason) for each in await queue.page()] == [
        (1, "reason 0"),
        (3, "reason 1"),
        (5, "reason 2"),
    ]
    assert [each.number for each in await queue.page(limit=2)] == [1, 3]
    [last] = await queue.page(after=3)
    assert (last.stage, last.document, last.failed_at[:2]) == ("embed", document().doc_id, "20")


async def test_a_letter_is_shown_with_its_message_wherever_that_lies(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await bury(bus, opened_lab, b'{"a": 1}', LARGE, b"\xff\xfe")
    small, large, bytes_only = [await queue.show(number) for number in (1, 3, 5)]
    assert small is not None
    assert (small.payload, small.subject, small.deliveries) == ('{"a": 1}', "doc.chunked", 3)
    assert large is not None
    assert large.payload.encode() == LARGE
    assert bytes_only is not None
    assert bytes_only.payload == r"\xff\xfe"


async def test_a_replayed_message_waits_for_its_stage_as_it_came_and_its_letter_is_gone(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await bury(bus, opened_lab, b'{"a": 1}', LARGE, request=7)
    assert await queue.replay(1) is True
    assert await queue.replay(3) is True
    assert await queue.page() == []
    assert await opened_lab.objects.keys(Bucket.PROCESSED, "") == []
    first = await opened_lab.jetstream.get_msg("INGEST", seq=1)
    assert (first.headers or {})["Lab-Request"] == "7"
    assert await chunked(opened_lab) == [b'{"a": 1}', LARGE]


async def test_a_letter_whose_message_cannot_be_stored_stays(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await bury(bus, opened_lab, b"{}")
    await opened_lab.jetstream.delete_stream("INGEST")
    with pytest.raises(Unavailable):
        await queue.replay(1)
    assert [each.number for each in await queue.page()] == [1]


async def test_a_replay_that_died_before_the_letter_was_gone_sends_no_second_message(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise Unavailable("nats", "gone")

    await bury(bus, opened_lab, b"{}")
    with monkeypatch.context() as patched:
        patched.setattr(queue, "_remove", dies)
        with pytest.raises(Unavailable):
            await queue.replay(1)
    assert [each.number for each in await queue.page()] == [1]
    assert await queue.replay(1) is True
    assert await chunked(opened_lab) == [b"{}"]


async def test_a_purged_letter_takes_the_message_that_it_keeps_along(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await bury(bus, opened_lab, LARGE, LARGE)
    assert await queue.purge(1) is True
    assert [each.number for each in await queue.page()] == [3]
    other = await queue.show(3)
    assert other is not None
    assert other.payload.encode() == LARGE  # the same message, kept twice
    assert await chunked(opened_lab) == []


async def test_a_number_that_is_no_letter_s_names_nothing(
    bus: Bus, opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await bury(bus, opened_lab, b"{}")
    for number in (2, 99):  # an alert, and nobody
        assert await queue.show(number) is None
        assert await queue.replay(number) is False
        assert await queue.purge(number) is False
    assert len(await opened_lab.alerts("embed")) == 1


async def test_a_letter_of_another_version_is_listed_and_purged_but_not_replayed(
    opened_lab: Lab, queue: DeadLetterQueue
) -> None:
    await opened_lab.jetstream.publish("dead.chunk.x", b'{"from": "the future"}')
    [letter] = await queue.page()
    assert (letter.stage, letter.reason) == ("chunk", "a letter of another version")
    with pytest.raises(Malformed, match="dead letter 1: it is of another version"):
        await queue.replay(1)
    assert await queue.purge(1) is True
    assert await queue.page() == []
