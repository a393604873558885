"""What people are shown of a host's models, and what programs get."""

import json

import pytest

from homelab.cli import run


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["what-if", *arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_unified_memory_shows_the_setup_and_the_next_steps(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--host", "jetson-orin-32g", "--place", "llama-server")
    assert text.endswith(
        "llama-server · glm-4.7-flash Q4_K_M, 32768 tokens in 2 slots, cache q8_0 · "
        "19.3 GiB of 20.3 GiB unified memory next: 65536 tokens with 21.2 GiB, Q5_K_M with 22.2 GiB"
    )
    assert "on the card" not in text


def test_a_card_is_shown_as_a_ledger_that_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--host", "desktop-32g-nvidia", "--place", "ollama")
    assert "kept from models 3685 30.0 % ollama 8597 70.0 % free 0 0.0 %" in text
    assert "sum 12282" in text


def test_models_that_take_turns_are_said_to(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--ram", "3400MiB", "--place", "ollama")
    assert "1 loaded at a time" in text
    assert "all models at once with" in text


def test_the_best_there_is_has_no_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--host", "spark-128g", "--place", "llama-server")
    assert text.endswith("next: nothing is better than this")


def test_programs_get_every_byte_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["what-if", "--json", "--host", "jetson-orin-32g", "--place", "llama-server"]) == 0
    (host,) = json.loads(capsys.readouterr().out)["hosts"]
    assert host["vram"] is None
    (serving,) = host["models"]
    assert serving["loads"] == [
        {
            "model": "glm-4.7-flash",
            "quantization": "Q4_K_M",
            "weights_bytes": 18_312_339_808,
            # 2 slots of 32,768 tokens, 27,072 numbers each, 34 bytes for 32 of them
            "cache_bytes": 2 * 32_768 * 27_072 * 34 // 32,
            # 512 × 4 × (154,880 + 3 × 11,520 + 8 × 2,048) + 512 × 32,768 × 2 + 576 × 65,536 × 2
            "compute_bytes": 421_527_552 + 33_554_432 + 75_497_472,
        }
    ]
    total = sum(sum(load[part] for part in load if part.endswith("_bytes")) for load in serving["loads"])
    assert serving["used_mib"] == -(-total // 2**20) <= serving["memory_mib"]
    assert serving["next"] == [
        {"step": "65536 tokens", "needs_mib": 21_670},
        {"step": "Q5_K_M", "needs_mib": 22_721},
    ]
