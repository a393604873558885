"""What llama-server and Ollama are told, by hand for three hosts."""

from pathlib import Path

import pytest

from homelab import lab, planner
from homelab.explain import everything, explain
from homelab.inference import PORTS
from homelab.lab import Lab
from homelab.planner import HostPlan
from unit.hosts import facts
from unit.test_llm_gguf import written as gguf

EXAMPLE = lab.load(lab.EXAMPLE)


def serving(place: tuple[str, ...], **serve: object) -> Lab:
    keys = {"address": "gpu.lan", "place": place, "serve": lab.Serve.model_validate(serve)}
    return EXAMPLE.model_copy(update={"hosts": {"gpu": EXAMPLE.hosts["desktop"].model_copy(update=keys)}})


def plan(place: tuple[str, ...], ram_mib: int, **machine: object) -> HostPlan:
    return planner.plan_host(serving(place), "gpu", facts(ram_mib, **machine))  # type: ignore[arg-type]


def test_an_orin_with_32_gb_serves_glm_with_these_options() -> None:
    settings = plan(("llama-server",), 30536, unified=True).specs["llama-server"].settings()
    assert settings == {
        "hf-repo": "unsloth/GLM-4.7-Flash-GGUF:Q4_K_M",
        "ctx-size": "65536",
        "parallel": "2",
        "cache-type-k": "q8_0",
        "cache-type-v": "q8_0",
        "flash-attn": "on",
        "n-gpu-layers": "48",
        "threads": "8",
        "cache-ram": "0",
        "ctx-checkpoints": "0",
        "port": "8080",
    }


def test_servers_are_asked_at_their_own_ports() -> None:
    assert PORTS == {"llama-server": 8080, "ollama": 11434}


def test_a_switch_is_one_or_nothing() -> None:
    orin = plan(("llama-server",), 30536, unified=True)
    assert explain(orin, "llama-server.flash-attn").figure.value == 1
    assert explain(plan(("ollama",), 8051, cores=4), "ollama.OLLAMA_FLASH_ATTENTION").figure.value == 1


def test_without_a_gpu_no_layer_is_offloaded() -> None:
    settings = plan(("llama-server",), 30536, cores=6).specs["llama-server"].settings()
    assert (settings["n-gpu-layers"], settings["threads"]) == ("0", "6")


def test_a_pi_keeps_both_its_models_loaded() -> None:
    assert plan(("ollama",), 8051, cores=4).specs["ollama"].settings() == {
        "models": "hf.co/unsloth/Qwen3-1.7B-GGUF:Q8_0 hf.co/nomic-ai/nomic-embed-text-v1.5-GGUF:F16",
        "OLLAMA_CONTEXT_LENGTH": "16384",
        "OLLAMA_NUM_PARALLEL": "1",
        "OLLAMA_MAX_LOADED_MODELS": "2",
        "OLLAMA_KV_CACHE_TYPE": "f16",
        "OLLAMA_FLASH_ATTENTION": "1",
        "OLLAMA_KEEP_ALIVE": "-1",
    }


def test_models_that_take_turns_leave_when_they_are_not_asked() -> None:
    """Of 3,100 MiB 70 % are 2,170, less 512 for the process 1,658: not even one fits. Of 3,300, one does."""
    settings = plan(("ollama",), 3300, cores=4).specs["ollama"].settings()
    assert (settings["OLLAMA_MAX_LOADED_MODELS"], settings["OLLAMA_KEEP_ALIVE"]) == ("1", "300")


@pytest.mark.parametrize(("ram_mib", "why"), [(8051, "each has memory of its own"), (3300, "they take turns")])
def test_how_long_a_model_stays_is_said_with_its_reason(ram_mib: int, why: str) -> None:
    figure = explain(plan(("ollama",), ram_mib, cores=4), "ollama.OLLAMA_KEEP_ALIVE").figure
    assert figure.chain[-1].because == why


def test_a_file_of_ones_own_is_served_by_its_name(tmp_path: Path) -> None:
    gguf(tmp_path / "mine.gguf", "llama")
    path = tmp_path / "lab.yaml"
    path.write_text(
        "version: 1\nhosts:\n  gpu: {address: gpu.lan, place: [llama-server], serve: {llama-server: mine.gguf}}\n"
    )
    settings = planner.plan_host(lab.load(path), "gpu", facts(8000, host="gpu")).specs["llama-server"].settings()
    assert settings["model"] == "mine.gguf"
    assert "hf-repo" not in settings
    assert settings["ctx-size"] == "4096"


def test_the_chain_of_a_context_says_what_the_next_step_would_need() -> None:
    orin = plan(("llama-server",), 30536, unified=True)
    chain = explain(orin, "llama-server.ctx-size").figure.chain
    assert chain[0].source == "profiles/default.yaml: consumers.llama-server.floor"
    said = " · ".join(step.because for step in chain)
    assert "70 % of unified memory for models" in said
    assert "Q4_K_M of glm-4.7-flash: the best that fits with its context" in said
    assert "65536 tokens would need 21670 MiB; Q5_K_M would need 22721 MiB" in said


@pytest.mark.parametrize(
    ("ram_mib", "machine"),
    [(8051, {}), (30536, {"unified": True}), (64000, {"vram_mib": 24564}), (64000, {"vram_mib": 12282})],
)
def test_every_value_has_a_chain_that_ends_in_it(ram_mib: int, machine: dict[str, object]) -> None:
    place = ("ollama",) if ram_mib < 10_000 else ("llama-server", "ollama")
    found = list(everything(plan(place, ram_mib, **machine)))
    assert len({explained.name for explained in found}) == len(found)
    for explained in found:
        chain = explained.figure.chain
        assert chain[-1].value == f"{explained.figure.value} {explained.figure.unit}".rstrip(), explained.name
        assert all(step.because and step.source for step in chain), explained.name
