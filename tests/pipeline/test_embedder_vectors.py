"""The embedder's numbers, against a forward pass written by hand and against the model's published example."""

from pathlib import Path

import minilm_by_hand as by_hand
import numpy as np
import pytest

from embedder import graph, weights
from embedder.model import READ_CHARACTERS, Model

TEXTS = {
    "one letter": "a",
    "a question": "How much memory does JetStream keep for itself?",
    "other case and accents": "Über ÉLÈVE naïve — Œuvre",
    "Japanese": "記憶は測ってから使う。",
    "emoji": "🦉 owls 🦉🦉",
    "code": "def plan(facts: Facts) -> Budget:\n    return Budget(reserve=facts.total * 20 // 100)\n",
    "an unknown word": "x" * 150,
    "only spaces": "   \t\n",
    "a table": "| host | RAM |\n|---|---|\n| desktop | 31.2 GiB |",
    "prose of some length": "A budget is computed, never written by hand, and it fits the host. " * 12,
}
LENGTHS = [3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 128, 255, 256, 257, 384, 511, 512]
"""Tokens, [CLS] and [SEP] included; around the powers of two, where blockwise kernels change their path."""


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


def random_ids(tokens: int, seed: int) -> list[int]:
    """So many ordinary tokens, without [CLS] and [SEP]."""
    ids: list[int] = np.random.default_rng(seed).integers(1000, 30522, tokens).tolist()
    return ids


def test_the_published_example_has_the_published_numbers(model: Model) -> None:
    # sentence-transformers' documentation prints these for all-MiniLM-L6-v2
    vector = model.embed("This is an example sentence").vector
    assert vector[:4].tolist() == pytest.approx([0.0676569, 0.0634959, 0.0487131, 0.0793050], abs=2e-6)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_has_the_vector_of_the_reference(model: Model, text: str) -> None:
    expected = by_hand.embed([by_hand.token_ids(text)])[0]
    assert model.embed(text).vector @ expected >= 0.999999


@pytest.mark.parametrize("tokens", LENGTHS)
def test_any_length_has_the_vector_of_the_reference(model: Model, tokens: int) -> None:
    ids = random_ids(tokens - 2, seed=tokens)
    expected = by_hand.embed([[101, *ids, 102]])[0]
    got = model.embed(ids)
    assert got.tokens == tokens
    assert got.vector @ expected >= 0.999999


def test_a_padded_batch_of_the_reference_gives_what_texts_give_alone(model: Model) -> None:
    batch = [by_hand.token_ids(text) for text in TEXTS.values()]
    for text, expected in zip(TEXTS.values(), by_hand.embed(batch), strict=True):
        assert model.embed(text).vector @ expected >= 0.999999


def test_a_vector_has_384_dimensions_and_length_one(model: Model) -> None:
    vector = model.embed("anything").vector
    assert vector.shape == (384,)
    assert vector.dtype == np.float32
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_what_is_over_512_tokens_is_cut(model: Model) -> None:
    long = "memory " * 3000
    got = model.embed(long)
    assert got.tokens == 512
    assert got.vector.tolist() == model.embed("memory " * 510).vector.tolist()


def test_ids_over_512_are_cut_before_the_end_mark(model: Model) -> None:
    ids = random_ids(600, seed=600)
    got = model.embed(ids)
    assert got.tokens == 512
    assert got.vector.tolist() == model.embed(ids[:510]).vector.tolist()


def test_megabytes_of_text_are_not_tokenized_in_full(model: Model) -> None:
    head = "a budget that fits " * 10
    padded = head.ljust(READ_CHARACTERS) + "never read " * 200_000
    assert model.embed(padded).vector.tolist() == model.embed(head).vector.tolist()


def test_token_ids_and_their_text_have_one_vector(model: Model) -> None:
    text = "Garage keeps the raw documents."
    ids = by_hand.token_ids(text)[1:-1]
    assert model.embed(ids).vector.tolist() == model.embed(text).vector.tolist()


def test_the_weights_are_mapped_not_copied() -> None:
    """Of 90 MB the graph that is handed over holds the position table and little else."""
    found = weights.find()
    built = graph.build(found)
    assert built.ByteSize() < 1_000_000
    external = {tensor.name for tensor in built.graph.initializer if tensor.external_data}
    assert "embeddings.word_embeddings.weight" in external
    assert found.file == Path(by_hand.model_file("model.safetensors"))
