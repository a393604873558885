"""The embedding model's adapter, against a stand-in that answers as models and proxies do."""

import base64
import struct
from collections.abc import AsyncIterator

import pytest
from embeddings_stand_in import EmbeddingsStandIn, vector_of
from pydantic import SecretStr

from pipeline.adapters.embedder import Embeddings
from pipeline.errors import Malformed, Misconfigured, PipelineError, RateLimited, Refused, Unavailable
from pipeline.settings import Settings


@pytest.fixture
async def embedder(model: EmbeddingsStandIn) -> AsyncIterator[Embeddings]:
    adapter = Embeddings(Settings(litellm_url=model.url, litellm_key=SecretStr("sk-secret"), embed_batch=4))
    yield adapter
    await adapter.close()


async def test_texts_go_in_batches_and_vectors_come_back_in_order(
    model: EmbeddingsStandIn, embedder: Embeddings
) -> None:
    texts = [f"text {number}" for number in range(10)]
    vectors = await embedder.embed(texts)
    assert [len(request["input"]) for request in model.requests] == [4, 4, 2]
    assert [list(vector) for vector in vectors] == [pytest.approx(vector_of(text)) for text in texts]


async def test_nothing_to_embed_asks_nobody(model: EmbeddingsStandIn, embedder: Embeddings) -> None:
    assert await embedder.embed([]) == []
    assert model.requests == []


async def test_vectors_in_base64_are_understood(model: EmbeddingsStandIn, embedder: Embeddings) -> None:
    packed = base64.b64encode(struct.pack("<384f", *[0.5] * 384)).decode()
    model.failures = [(200, f'{{"data": [{{"index": 0, "embedding": "{packed}"}}]}}', {})]
    [vector] = await embedder.embed(["x"])
    assert list(vector) == [0.5] * 384


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (401, "no", Refused, "401 no"),
        (403, "no", Refused, "403 no"),
        (400, '{"error":{"type":"no_db_connection"}}', Refused, "400"),
        (500, '{"error":{"message":"Authentication Error, No api key passed in."}}', Refused, "500"),
        (429, "slow", RateLimited, "429 slow"),
        (404, "no such model", Misconfigured, "'embed' is not served there"),
        (400, '{"error":{"message":"Invalid model name passed in model=embed"}}', Misconfigured, "'embed' is not"),
        (400, "input too long", Malformed, "400 input too long"),
        (408, "", Unavailable, "408"),
        (503, "loading", Unavailable, "503 loading"),
        (200, "<html>", Unavailable, "not an answer of this protocol: <html>"),
        (200, '{"data": []}', Unavailable, "0 vectors for 1 texts"),
        (200, '{"data": [{"index": 0, "embedding": "***"}]}', Unavailable, "not an answer of this protocol"),
        (200, '{"data": [{"index": 0, "embedding": [1, 2]}]}', Misconfigured, "gives 2 dimensions"),
    ],
)
async def test_every_failure_has_its_kind_and_never_tells_the_key(
    model: EmbeddingsStandIn,
    embedder: Embeddings,
    status: int,
    body: str,
    kind: type[PipelineError],
    reason: str,
) -> None:
    model.failures = [(status, body, {})]
    with pytest.raises(PipelineError) as failure:
        await embedder.embed(["x"])
    assert type(failure.value) is kind
    assert reason in failure.value.reason
    assert "sk-secret" not in str(failure.value)


async def test_the_delay_that_a_server_asks_for_is_kept(model: EmbeddingsStandIn, embedder: Embeddings) -> None:
    model.failures = [(429, "slow", {"retry-after": "7"})]
    with pytest.raises(RateLimited) as failure:
        await embedder.embed(["x"])
    assert failure.value.retry_after == 7


async def test_nobody_there_is_unavailable() -> None:
    adapter = Embeddings(Settings(litellm_url="http://127.0.0.1:1"))
    with pytest.raises(Unavailable, match="embedding model: http"):
        await adapter.embed(["x"])
    with pytest.raises(Unavailable):
        await adapter.check()
    await adapter.close()
