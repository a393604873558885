"""The chat model's adapter, against a stand-in server over real HTTP."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from chat_stand_in import ChatStandIn, Reply, chat_stand_in
from pipeline.adapters.llm import ChatModel, unbounded
from pipeline.errors import Malformed, Misconfigured, RateLimited, Refused, Unavailable
from pipeline.settings import Settings

KEY = SecretStr("sk-not-to-be-seen")
NAMES = {
    "type": "object",
    "properties": {"names": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 40}}},
    "required": ["names"],
    "additionalProperties": False,
}


@asynccontextmanager
async def model(*replies: Reply, seconds: float = 10) -> AsyncIterator[tuple[ChatModel, ChatStandIn]]:
    with chat_stand_in(*replies) as server:
        chat = ChatModel(server.url, "small", KEY, timeout=seconds)
        try:
            yield chat, server
        finally:
            await chat.close()


async def test_a_question_travels_with_its_rules_at_temperature_zero() -> None:
    async with model(Reply("Four GiB [1].")) as (chat, server):
        assert await chat.complete("Be brief.", "How much?") == "Four GiB [1]."
    assert server.requests == [
        {
            "model": "small",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How much?"}],
            "temperature": 0,
            "max_tokens": 1024,
        }
    ]
    assert server.authorizations == ["Bearer sk-not-to-be-seen"]


async def test_a_schema_travels_as_a_strict_response_format() -> None:
    async with model(Reply('{"names": ["NATS"]}')) as (chat, server):
        assert await chat.complete("s", "u", schema=NAMES) == '{"names": ["NATS"]}'
    assert server.requests[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": NAMES},
    }


async def test_a_schema_that_lets_a_model_write_without_end_is_not_sent() -> None:
    loose = {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}}}
    async with model() as (chat, server):
        with pytest.raises(ValueError, match=r"\$\.names, \$\.names\[\] without end"):
            await chat.complete("s", "u", schema=loose)
    assert server.requests == []


def test_an_enumeration_is_bounded_and_an_alternative_is_looked_into() -> None:
    schema = {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string"}], "$defs": {"X": {"type": "string"}}}
    assert unbounded(schema) == ["$.X", "$"]


async def test_json_that_was_cut_short_is_malformed() -> None:
    async with model(Reply('{"names": ["NA', finish_reason="length")) as (chat, _):
        with pytest.raises(Malformed, match=r"breaks off or is none \(finish_reason length"):
            await chat.complete("s", "u", schema=NAMES)


async def test_an_empty_answer_is_malformed_also_when_the_model_only_thought() -> None:
    async with model(Reply(None, finish_reason="length")) as (chat, _):
        with pytest.raises(Malformed, match=r"small answered nothing \(finish_reason length\)"):
            await chat.complete("s", "u")


async def test_a_stream_gives_the_pieces_in_order() -> None:
    async with model(Reply(pieces=("Four ", "GiB", " [1]."))) as (chat, server):
        assert [piece async for piece in chat.stream("s", "u")] == ["Four ", "GiB", " [1]."]
    assert server.requests[0]["stream"] is True


async def test_a_stream_that_breaks_off_is_not_taken_for_an_answer() -> None:
    async with model(Reply(pieces=("Four ",), ends=False)) as (chat, _):
        pieces = chat.stream("s", "u")
        assert await anext(pieces) == "Four "
        with pytest.raises(Unavailable, match="broke off in the middle"):
            await anext(pieces)


async def test_a_refused_stream_says_why() -> None:
    refusal = Reply(status=401, body='{"error": {"message": "Authentication Error,\\n key not known"}}')
    async with model(refusal) as (chat, _):
        with pytest.raises(Refused, match=r"^chat model: 401 Authentication Error, key not known$"):
            await anext(chat.stream("s", "u"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Malformed), (403, Refused), (404, Misconfigured), (408, Unavailable), (500, Unavailable)],
)
async def test_each_refusal_of_the_server_has_its_kind(status: int, kind: type[Exception]) -> None:
    async with model(Reply(status=status, body='{"error": "because"}')) as (chat, _):
        with pytest.raises(kind, match="because") as caught:
            await chat.complete("s", "u")
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"error": {"message": "No connected db.", "type": "no_db_connection", "code": "400"}}', Refused),
        ('{"error": {"message": "/chat/completions: Invalid model name passed in model=x"}}', Misconfigured),
    ],
)
async def test_litellm_says_400_for_a_key_or_a_model_that_it_does_not_know(
    body: str, kind: type[Exception]
) -> None:
    async with model(Reply(status=400, body=body)) as (chat, _):
        with pytest.raises(kind):
            await chat.complete("s", "u")


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"retry-after": "7"}, 7.0), ({"retry-after": "soon"}, None), ({}, None)]
)
async def test_too_many_requests_says_when_to_come_back(headers: dict[str, str], seconds: float | None) -> None:
    async with model(Reply(status=429, body="slow down", headers=headers)) as (chat, _):
        with pytest.raises(RateLimited, match="429 slow down") as caught:
            await chat.complete("s", "u")
    assert caught.value.retry_after == seconds


async def test_a_page_of_html_is_quoted_as_one_short_line() -> None:
    async with model(Reply(status=502, body="<html>\n" + "bad gateway " * 100)) as (chat, _):
        with pytest.raises(Unavailable) as caught:
            await chat.complete("s", "u")
    assert caught.value.reason.startswith("502 <html> bad gateway bad")
    assert len(caught.value.reason) <= 204


async def test_a_success_that_is_no_completion_is_not_an_answer() -> None:
    async with model(Reply(body="<html>welcome</html>")) as (chat, _):
        with pytest.raises(Unavailable, match="not an answer of this protocol: <html>welcome</html>"):
            await chat.complete("s", "u")


async def test_a_slow_model_is_given_up_in_time() -> None:
    async with model(Reply("late", hold=threading.Event()), seconds=0.2) as (chat, _):
        with pytest.raises(Unavailable, match=r"no answer within 0\.2 s"):
            await chat.complete("s", "u")


async def test_a_server_that_is_away_is_named() -> None:
    with chat_stand_in() as server:
        url = server.url
    chat = ChatModel(url, "small", KEY)
    with pytest.raises(Unavailable, match=f"^chat model: {url}.*"):
        await chat.complete("s", "u")
    await chat.close()


async def test_the_key_is_in_no_error_and_no_repr() -> None:
    async with model(Reply(status=401, body="no")) as (chat, _):
        with pytest.raises(Refused) as caught:
            await chat.complete("s", "u")
        assert "sk-not" not in f"{caught.value!r} {chat!r} {vars(chat)!r}"


def test_without_a_configured_model_there_is_none() -> None:
    assert ChatModel.configured(Settings()) is None
