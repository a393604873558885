"""What a client of OpenAI's embeddings API gets from the embedder, refusals included."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from embedder_process import MODEL, embedder


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        embedder(tmp_path_factory.mktemp("embedder")) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


def ask(client: httpx.Client, value: Any, **fields: Any) -> httpx.Response:
    return client.post("/v1/embeddings", json={"model": MODEL, "input": value, **fields})


def vectors(response: httpx.Response) -> list[list[float]]:
    assert response.status_code == 200, response.text
    return [item["embedding"] for item in response.json()["data"]]


def refusal(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    (error,) = response.json().values()
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert isinstance(error, dict)
    return error


def test_a_string_gives_one_vector_and_the_tokens_that_it_took(client: httpx.Client) -> None:
    body = ask(client, "hello world").json()
    assert body["object"] == "list"
    assert body["model"] == MODEL
    assert [(item["object"], item["index"]) for item in body["data"]] == [("embedding", 0)]
    assert len(body["data"][0]["embedding"]) == 384
    assert body["usage"] == {"prompt_tokens": 4, "total_tokens": 4}  # [CLS] hello world [SEP]


def test_many_texts_come_back_in_the_order_in_which_they_were_sent(client: httpx.Client) -> None:
    texts = [f"text {number} " * length for number, length in enumerate([1, 40, 3, 200, 2, 90, 1, 17])]
    body = ask(client, texts).json()
    assert [item["index"] for item in body["data"]] == list(range(8))
    alone = [vectors(ask(client, text))[0] for text in texts]
    assert [item["embedding"] for item in body["data"]] == alone


def test_base64_holds_the_same_numbers_as_little_endian_float32(client: httpx.Client) -> None:
    floats = vectors(ask(client, "hello world"))[0]
    (encoded,) = vectors(ask(client, "hello world", encoding_format="base64"))
    assert isinstance(encoded, str)
    assert np.frombuffer(base64.b64decode(encoded), "<f4").tolist() == pytest.approx(floats, abs=1e-8)


def test_token_ids_may_stand_for_a_text(client: httpx.Client) -> None:
    expected = vectors(ask(client, "hello world"))[0]
    assert vectors(ask(client, [7592, 2088])) == [expected]
    assert vectors(ask(client, [[7592, 2088], [7592, 2088]])) == [expected, expected]


def test_text_over_512_tokens_is_cut_and_counted_as_cut(client: httpx.Client) -> None:
    response = ask(client, "memory " * 2000)
    assert response.json()["usage"]["prompt_tokens"] == 512


def test_a_text_of_spaces_is_a_text(client: httpx.Client) -> None:
    assert len(vectors(ask(client, "  "))) == 1


def test_the_name_may_carry_its_organisation_and_any_case(client: httpx.Client) -> None:
    body = {"model": "sentence-transformers/all-minilm-l6-v2", "input": "x"}
    assert client.post("/v1/embeddings", json=body).status_code == 200


def test_fields_of_other_servers_are_ignored(client: httpx.Client) -> None:
    assert vectors(ask(client, "x", user="somebody", input_type="query")) == vectors(ask(client, "x"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "input: must not be an empty list"),
        ("", "input: item 0 is empty"),
        (["one", ""], "input: item 1 is empty"),
        ([[7592], []], "input: item 1 is empty"),
        (None, "input: must be a string or a list, not null"),
        (7, "input: must be a string or a list, not a number"),
        ({"text": "x"}, "input: must be a string or a list, not an object"),
        (["one", 2], "input: item 1 must be a string or a list of token ids, not a number"),
        ([True], "input: item 0 must be a string or a list of token ids, not a boolean"),
        ([["one"]], "input: item 0 must be a string or a list of token ids, not a list"),
        ([[7592, 30522]], "input: item 0 holds a token id outside 0 to 30521"),
        ([-1], "input: item 0 holds a token id outside 0 to 30521"),
        (["x"] * 2049, "input: holds 2049 texts; at most 2048 are taken at a time"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("input") else "",
)
def test_an_input_that_cannot_be_embedded_is_refused(client: httpx.Client, value: Any, message: str) -> None:
    error = refusal(ask(client, value), 400)
    assert (error["message"], error["param"]) == (message, "input")


def test_another_models_name_is_not_found(client: httpx.Client) -> None:
    error = refusal(client.post("/v1/embeddings", json={"model": "bge-m3", "input": "x"}), 404)
    assert error["message"] == "model: 'bge-m3' is not served here; all-MiniLM-L6-v2 is"
    assert (error["param"], error["code"]) == ("model", "model_not_found")


def test_other_dimensions_are_refused(client: httpx.Client) -> None:
    assert vectors(ask(client, "x", dimensions=384))
    error = refusal(ask(client, "x", dimensions=256), 400)
    assert error["message"] == "dimensions: 256 asked for; all-MiniLM-L6-v2 has 384 and cannot be shortened"


def test_an_unknown_encoding_is_refused(client: httpx.Client) -> None:
    error = refusal(ask(client, "x", encoding_format="int8"), 400)
    assert error["message"] == "encoding_format: Input should be 'float' or 'base64'"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"input": "x"}', "model"),
        (b'{"model": "all-MiniLM-L6-v2"}', "input"),
        (b'{"model": 7, "input": "x"}', "model"),
        (b'{"model": "all-MiniLM-L6-v2", "input": "\\ud800"}', None),
        (b'{"model": "all-MiniLM-L6-v2", "input": "\xff"}', None),
    ],
    ids=["empty", "broken", "a list", "no model", "no input", "model a number", "half a pair", "not UTF-8"],
)
def test_a_malformed_body_is_refused(client: httpx.Client, body: bytes, param: str | None) -> None:
    error = refusal(client.post("/v1/embeddings", content=body), 400)
    assert error["param"] == param
    assert error["message"].startswith(f"{param or 'body'}: ")


def test_too_large_a_body_is_refused(client: httpx.Client) -> None:
    body = json.dumps({"model": MODEL, "input": "x" * 9_000_000})
    error = refusal(client.post("/v1/embeddings", content=body), 413)
    assert error["message"] == "body: larger than 8388608 bytes; send fewer texts at a time"


def test_other_paths_and_methods_are_refused_in_the_same_form(client: httpx.Client) -> None:
    assert refusal(client.get("/v1/completions"), 404)["message"] == "Not Found"
    response = client.get("/v1/embeddings")
    assert refusal(response, 405)["message"] == "Method Not Allowed"
    assert response.headers["allow"] == "POST"


def test_the_model_is_listed(client: httpx.Client) -> None:
    (model,) = client.get("/v1/models").json()["data"]
    assert (model["id"], model["object"]) == (MODEL, "model")


def test_health_names_the_model(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok", "model": MODEL}
