"""The shape of a model from a real file: written here by the gguf library, read back by ours."""

from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from gguf import GGUFWriter, LlamaFileType

from homelab.errors import InvalidInput
from homelab.llm import Latent, Window, load
from homelab.llm.gguf_file import read

Keys = Callable[[GGUFWriter], None]


def written(path: Path, architecture: str, *more: Keys, context: int | None = 4096) -> Path:
    """A model of two layers, 64 wide, with four heads of which two have keys."""
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(96)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    writer.add_token_list([f"word{number}" for number in range(50)])
    if context is not None:
        writer.add_context_length(context)
    for keys in more:
        keys(writer)
    writer.add_tensor("token_embd.weight", numpy.zeros((50, 64), dtype=numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_plain_model_is_read_with_its_grouped_heads(tmp_path: Path) -> None:
    path = written(tmp_path / "tiny.gguf", "llama")
    model = read(path)
    assert (model.name, model.architecture, model.embedding) == ("tiny", "llama", False)
    assert (model.layers, model.hidden, model.feed_forward, model.heads, model.kv_heads) == (2, 64, 96, 4, 2)
    assert (model.key_length, model.value_length) == (16, 16)
    assert (model.vocabulary, model.context) == (50, 4096)
    (quantization,) = model.quantizations
    assert (quantization.name, quantization.bytes) == ("Q8_0", path.stat().st_size)
    assert [(layer.keys, layer.values, layer.windowed) for layer in model.cached()] == [(32, 32, False)] * 2


def test_heads_that_differ_by_layer_and_sizes_of_their_own_are_read(tmp_path: Path) -> None:
    path = tmp_path / "uneven.gguf"
    writer = GGUFWriter(path, "deci")
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length([96, 128])
    writer.add_head_count([4, 4])
    writer.add_context_length(4096)
    writer.add_vocab_size(77)
    writer.add_key_length(24)
    writer.add_value_length(8)
    writer.add_head_count_kv([4, 1])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    model = read(path)
    assert (model.kv_heads, model.feed_forward, model.vocabulary) == ((4, 1), 128, 77)
    assert [(layer.keys, layer.values) for layer in model.cached()] == [(96, 32), (24, 8)]


def test_latent_attention_keeps_one_key_and_no_values(tmp_path: Path) -> None:
    def keys(writer: GGUFWriter) -> None:
        writer.add_kv_lora_rank(32)
        writer.add_rope_dimension_count(8)
        writer.add_key_length_mla(16)
        writer.add_value_length_mla(16)
        writer.add_expert_used_count(4)
        writer.add_expert_shared_count(1)
        writer.add_expert_feed_forward_length(40)

    model = read(written(tmp_path / "latent.gguf", "deepseek2", keys))
    assert model.latent == Latent(kv_lora_rank=32, rope_dimensions=8)
    assert [(layer.keys, layer.values) for layer in model.cached()] == [(40, 0)] * 2
    assert model.feed_forward == 5 * 40


def test_the_experts_of_the_layer_with_most_are_counted(tmp_path: Path) -> None:
    def keys(writer: GGUFWriter) -> None:
        writer.add_array("moe.expert_used_count", [4, 8])
        writer.add_array("moe.expert_shared_count", [1, 2])
        writer.add_array("moe.expert_feed_forward_length", [40, 30])

    assert read(written(tmp_path / "moe.gguf", "moe", keys)).feed_forward == 10 * 40


def test_a_file_converted_before_latent_caches_keeps_every_head(tmp_path: Path) -> None:
    model = read(written(tmp_path / "old.gguf", "deepseek2", lambda writer: writer.add_kv_lora_rank(32)))
    assert model.latent is None


@pytest.mark.parametrize(
    ("architecture", "window"),
    [
        ("gemma3", Window(tokens=1024, full_every=6)),
        ("gpt-oss", Window(tokens=1024, full_every=2)),
        ("unheard-of", Window(tokens=1024)),
    ],
)
def test_a_window_without_a_pattern_follows_the_architecture_or_counts_for_nothing(
    architecture: str, window: Window, tmp_path: Path
) -> None:
    model = read(written(tmp_path / "w.gguf", architecture, lambda writer: writer.add_sliding_window(1024)))
    assert model.window == window
    assert window.covers(0) is (architecture != "unheard-of")


def test_a_window_said_for_each_layer_is_taken_as_said(tmp_path: Path) -> None:
    def keys(writer: GGUFWriter) -> None:
        writer.add_sliding_window(512)
        writer.add_sliding_window_pattern([True, False])
        writer.add_uint32("gemma4.attention.key_length_swa", 32)

    model = read(written(tmp_path / "each.gguf", "gemma4", keys))
    assert model.window == Window(tokens=512, layers=(True, False))
    assert model.key_length == 32


def test_an_encoder_has_no_cache(tmp_path: Path) -> None:
    model = read(written(tmp_path / "e.gguf", "nomic-bert", lambda writer: writer.add_causal_attention(False)))
    assert model.embedding
    assert list(model.cached()) == []


def test_a_file_beside_the_lab_is_a_model_like_a_known_one(tmp_path: Path) -> None:
    written(tmp_path / "mine.gguf", "llama")
    assert load("mine.gguf", tmp_path).name == "mine"


def refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(path.parent)
    with pytest.raises(InvalidInput) as refused:
        read(path)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return str(refused.value)


def test_a_part_of_several_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "part.gguf", "llama", lambda writer: writer.add_uint16("split.count", 3))
    assert refusal(path, monkeypatch) == (
        "part.gguf · one of 3 parts · all parts must be one file · llama-gguf-split --merge part.gguf whole.gguf"
    )


@pytest.mark.parametrize("left", [0.01, 0.3, 0.5, 0.8, 0.99])
def test_a_file_that_was_cut_off_is_refused(left: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "cut.gguf", "llama")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])
    assert refusal(path, monkeypatch) == (
        "cut.gguf · cut off or damaged · its tensors must all be there · download it again"
    )


def test_every_length_of_a_cut_header_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "cut.gguf", "llama")
    content = path.read_bytes()
    for length in range(4, 400, 7):
        path.write_bytes(content[:length])
        assert refusal(path, monkeypatch).startswith("cut.gguf · cut off or damaged")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "not.gguf · no GGUF file · a model file begins with GGUF · take a .gguf file"),
        (
            b"<!doctype html><title>404</title>",
            "not.gguf · no GGUF file · a model file begins with GGUF · take a .gguf file",
        ),
    ],
)
def test_what_is_no_gguf_is_refused(
    content: bytes, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "not.gguf"
    path.write_bytes(content)
    assert refusal(path, monkeypatch) == line


def test_a_missing_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(tmp_path / "gone.gguf", monkeypatch) == (
        "gone.gguf · no such file or directory · names a GGUF file · check the path"
    )


@pytest.mark.parametrize(
    ("architecture", "key", "what"),
    [
        ("mamba2", "ssm.state_size", "recurrent layers"),
        ("rwkv7", "wkv.head_size", "recurrent layers"),
        ("lfm2", "shortconv.l_cache", "recurrent layers"),
        ("kimi-linear", "kda.head_dim", "recurrent layers"),
        ("glm-dsa", "attention.indexer.key_length", "an indexer"),
    ],
)
def test_what_keeps_more_than_keys_and_values_is_refused(
    architecture: str, key: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: Keys = lambda writer: writer.add_uint32(f"{architecture}.{key}", 128)  # noqa: E731 - as in the other tests
    path = written(tmp_path / "more.gguf", architecture, keys)
    assert refusal(path, monkeypatch) == (
        f"more.gguf · {architecture} · the memory of {what} is not known · take a model with attention alone"
    )


def test_a_key_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "bare.gguf", "llama", context=None)
    assert refusal(path, monkeypatch) == (
        "bare.gguf · no llama.context_length · its memory follows from this key · "
        "take one that llama.cpp's converter wrote"
    )
