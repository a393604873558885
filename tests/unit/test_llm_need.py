"""What a loaded model needs: the numbers that llama.cpp itself reports for each shape, and sums by hand."""

from pathlib import Path

import pytest

from homelab.llm import Cache, Latent, Model, Quantization, Window, load, names, need
from homelab.units import MIB
from unit.recorded import HOSTS, plan

HERE = Path()
WEIGHTS = Quantization(name="Q8_0", bytes=1)

GEMMA = Model(
    name="gemma-3-4b",
    architecture="gemma3",
    layers=34,
    hidden=2560,
    feed_forward=10240,
    heads=8,
    kv_heads=4,
    key_length=256,
    value_length=256,
    window=Window(tokens=1024, full_every=6),
    vocabulary=262208,
    context=131072,
    quantizations=(WEIGHTS,),
)
WIDE = Model(
    name="few-words-wide-layers",
    architecture="llama",
    layers=28,
    hidden=4096,
    feed_forward=14336,
    heads=32,
    kv_heads=8,
    key_length=128,
    value_length=128,
    vocabulary=2048,
    context=131072,
    quantizations=(WEIGHTS,),
)
EXPERTS = Model(
    name="qwen3-30b-a3b",
    architecture="qwen3moe",
    layers=48,
    hidden=2048,
    feed_forward=6144,
    heads=32,
    kv_heads=4,
    key_length=128,
    value_length=128,
    vocabulary=151936,
    context=262144,
    quantizations=(WEIGHTS,),
)
SMALL_EXPERTS = Model(
    name="small-experts",
    architecture="qwen3moe",
    layers=8,
    hidden=1024,
    feed_forward=16 * 512,
    heads=16,
    kv_heads=4,
    key_length=64,
    value_length=64,
    vocabulary=2048,
    context=32768,
    quantizations=(WEIGHTS,),
)
SHAPES = {shape.name: shape for shape in (GEMMA, WIDE, EXPERTS, SMALL_EXPERTS)}

CONTEXT_MIB = 600
"""CUDA's own, of one process: at most 593 were held on an NVIDIA H200 beyond what is counted (docs/llm.md)."""


def model(name: str) -> Model:
    return SHAPES.get(name) or load(name, HERE)


@pytest.mark.parametrize(
    ("name", "context", "slots", "cache", "kv_mib", "compute_mib"),
    [
        # llama-fit-params --fit-print on --flash-attn on, llama.cpp 0.5.0-dev, on files of these shapes.
        ("qwen3-4b", 8192, 1, "f16", 1152, 306),
        ("qwen3-4b", 8192, 1, "q8_0", 612, 311),
        ("qwen3-4b", 40960, 1, "f16", 5760, 306),
        ("qwen3-4b", 20480, 2, "f16", 5760, 306),
        ("qwen3-0.6b", 4096, 1, "f16", 448, 312),
        ("llama-3.2-3b", 131072, 1, "f16", 14336, 262),
        ("glm-4.7-flash", 16384, 1, "f16", 846, 334),
        ("glm-4.7-flash", 32768, 1, "f16", 1692, 334),
        ("glm-4.7-flash", 131072, 1, "f16", 6768, 334),
        ("glm-4.7-flash", 131072, 1, "q8_0", 3595, 334),
        ("glm-4.7-flash", 65536, 2, "f16", 6768, 334),
        ("gemma-3-4b", 4096, 1, "f16", 254, 527),
        ("gemma-3-4b", 32768, 1, "f16", 814, 527),
        ("gemma-3-4b", 16384, 2, "f16", 988, 522),
        ("few-words-wide-layers", 4096, 1, "f16", 448, 120),
        ("few-words-wide-layers", 131072, 1, "f16", 14336, 244),
        ("few-words-wide-layers", 32768, 4, "f16", 14336, 148),
        ("nomic-embed-text", 2048, 1, "f16", 0, 98),
    ],
)
def test_the_cache_is_what_llama_cpp_reports_and_the_compute_buffer_no_less(
    name: str, context: int, slots: int, cache: Cache, kv_mib: int, compute_mib: int
) -> None:
    needs = need(model(name), WEIGHTS, context, slots, cache)
    assert needs.cache // MIB == kv_mib
    assert compute_mib <= needs.compute / MIB <= compute_mib * 2.1


@pytest.mark.parametrize(
    ("name", "file", "context", "slots", "cache", "held_mib"),
    [
        # Read from the card at its most: llama-server b9993, NVIDIA H200, in every slot 12,000 tokens (or 8,128).
        ("qwen3-0.6b", 378_408_672, 40960, 2, "f16", 9993),
        ("qwen3-4b", 2_366_389_568, 40960, 2, "f16", 14501),
        ("qwen3-4b", 2_366_389_568, 20480, 4, "q8_0", 9355),
        ("glm-4.7-flash", 16_995_637_248, 202752, 2, "f16", 37937),
        ("glm-4.7-flash", 16_995_637_248, 65536, 2, "q8_0", 20615),
        ("qwen3-30b-a3b", 17_344_592_480, 131072, 2, "f16", 41697),
        ("qwen3-30b-a3b", 17_344_592_480, 32768, 2, "q8_0", 20357),
        ("small-experts", 922_435_104, 8192, 1, "f16", 1613),
        ("small-experts", 922_435_104, 32768, 2, "f16", 2085),
    ],
)
def test_a_card_holds_what_is_counted_and_the_context_of_the_process(
    name: str, file: int, context: int, slots: int, cache: Cache, held_mib: int
) -> None:
    counted = need(model(name), Quantization(name="Q4_K", bytes=file), context, slots, cache).mib
    assert counted < held_mib <= counted + CONTEXT_MIB


@pytest.mark.parametrize("host", [host for host in HOSTS if host.endswith("-nvidia") or "h200" in host])
@pytest.mark.parametrize("placed", [("llama-server", "ollama"), ("ollama",)])
def test_what_is_kept_on_a_card_has_room_for_the_context_of_every_process(
    host: str, placed: tuple[str, ...]
) -> None:
    budget = plan(host, placed).budget
    assert budget.vram is not None
    # llama-server is one process, Ollama starts one for each model that it loads
    processes = sum(one.fit.setup.at_once for one in budget.servings.values() if one.pool == "vram")
    assert processes >= 1
    assert processes * CONTEXT_MIB <= budget.vram.kept.value


@pytest.mark.parametrize(
    ("name", "bytes_per_token"),
    [
        ("glm-4.7-flash", 47 * (512 + 64) * 2),  # 54,144: one latent key, no values
        ("qwen3-4b", 36 * 2 * 8 * 128 * 2),  # 147,456: keys and values of 8 heads for 32
        ("qwen3-1.7b", 28 * 2 * 8 * 128 * 2),
        ("qwen3-0.6b", 28 * 2 * 8 * 128 * 2),
        ("llama-3.2-3b", 28 * 2 * 8 * 128 * 2),
        ("nomic-embed-text", 0),
    ],
)
def test_each_known_model_leaves_so_many_bytes_a_token(name: str, bytes_per_token: int) -> None:
    assert need(model(name), WEIGHTS, 4096, 1, "f16").cache == 4096 * bytes_per_token


def test_every_known_model_is_checked_here() -> None:
    assert names() == [
        "glm-4.7-flash",
        "llama-3.2-3b",
        "nomic-embed-text",
        "qwen3-0.6b",
        "qwen3-1.7b",
        "qwen3-4b",
    ]


def test_a_quantized_cache_takes_34_or_18_bytes_of_64() -> None:
    glm = model("glm-4.7-flash")
    taken = {cache: need(glm, WEIGHTS, 4096, 1, cache).cache for cache in ("f16", "q8_0", "q4_0")}  # type: ignore[arg-type]
    assert taken == {"f16": 221_773_824, "q8_0": 117_817_344, "q4_0": 62_373_888}


def test_layers_with_a_window_forget_what_is_out_of_sight() -> None:
    # 5 of 34 layers see 32768 tokens; 29 see 1024 and the batch of 512. 4,096 B a token and layer.
    assert need(GEMMA, WEIGHTS, 32768, 1, "f16").cache == (5 * 32768 + 29 * 1536) * 4096


def test_a_window_that_is_said_for_each_layer_counts_as_one_said_by_a_pattern() -> None:
    each = Window(tokens=1024, layers=tuple(number % 6 != 5 for number in range(34)))
    said = GEMMA.model_copy(update={"window": each})
    assert need(said, WEIGHTS, 32768, 2, "f16") == need(GEMMA, WEIGHTS, 32768, 2, "f16")


def test_of_the_layers_the_first_of_each_group_may_be_the_one_that_sees_all() -> None:
    window = Window(tokens=1024, full_every=4, full_first=True)
    assert [window.covers(number) for number in range(6)] == [False, True, True, True, False, True]


def test_heads_may_differ_from_layer_to_layer() -> None:
    mixed = WIDE.model_copy(update={"layers": 3, "kv_heads": (8, 0, 2)})
    assert need(mixed, WEIGHTS, 4096, 1, "f16").cache == 4096 * (8 + 0 + 2) * (128 + 128) * 2


def test_a_slots_cache_is_rounded_up_to_256_tokens() -> None:
    assert need(WIDE, WEIGHTS, 4097, 2, "f16").cache == need(WIDE, WEIGHTS, 4352, 2, "f16").cache


def test_a_sum_is_rounded_up_to_whole_mib() -> None:
    latent = Latent(kv_lora_rank=32, rope_dimensions=32)
    small = WIDE.model_copy(update={"layers": 1, "latent": latent})
    needs = need(small, Quantization(name="Q8_0", bytes=1), 4096, 1, "f16")
    assert needs.mib * MIB >= needs.weights + needs.cache + needs.compute > (needs.mib - 1) * MIB
