"""The promises of phase 3 over a real LiteLLM, whose models of other machines are the stand-in's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from litellm_process import KEY, litellm
from pydantic import SecretStr

from homelab.config.litellm import Route, render
from homelab.lab import Models
from pipeline.checks.__main__ import outcomes
from pipeline.settings import Settings
from servers import Server

STAND_IN = Path(__file__).parents[2] / "sandbox/models/stand_in.py"


@pytest.fixture(scope="module")
def models() -> Iterator[str]:
    """The base of its URL."""
    command = [sys.executable, "-I", str(STAND_IN), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert "a stand-in for models, which is none" in said
        yield said.rpartition(" ")[2].strip()
        process.terminate()


@pytest.fixture(scope="module")
def proxy(models: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = (
        Route("of-ollama", "ollama_chat/hf.co/some/model:Q8_0", models),
        Route("of-llama-server", "openai/of-llama-server", f"{models}/v1"),
        Route("encoder", "ollama/hf.co/some/encoder:F16", models, embeds=True),
    )
    routes = yaml.safe_load(render(Models(), embedder_url=models, served=served))["model_list"][1:]
    with litellm(tmp_path_factory.mktemp("litellm"), Models(), routes=routes) as server:
        yield server


async def test_every_model_that_chats_answers_and_calls_a_tool(proxy: Server) -> None:
    settings = Settings(litellm_url=proxy.url, litellm_key=SecretStr(KEY))
    found = {one.name: one for one in await outcomes(settings, "phase3-inference")}
    assert all(one.held for one in found.values()), found
    assert found["models answer"].evidence == "of-llama-server, of-ollama answered"


def test_an_encoder_of_another_machine_gives_vectors_by_its_name(proxy: Server) -> None:
    body = {"model": "encoder", "input": ["one", "other"]}
    answer = httpx.post(f"{proxy.url}/v1/embeddings", json=body, headers={"authorization": f"Bearer {KEY}"})
    vectors = [one["embedding"] for one in answer.json()["data"]]
    assert [len(vector) for vector in vectors] == [768, 768]
    assert vectors[0] != vectors[1]


def test_the_stand_in_answers_from_the_first_passage_and_cites_it(models: str) -> None:
    content = (
        "[1] <quoted-12>\npower.md\nThe UPS carries the NAS for 74 minutes.\n</quoted-12>\n\nQuestion: How long?"
    )
    body = {"messages": [{"role": "user", "content": content}]}
    [choice] = httpx.post(f"{models}/v1/chat/completions", json=body).json()["choices"]
    assert choice["message"]["content"] == "The UPS carries the NAS for 74 minutes. [1]"


def test_the_stand_in_streams_whole_events(models: str) -> None:
    body = {"messages": [{"role": "user", "content": "Say yes."}], "stream": True}
    lines = [line for line in httpx.post(f"{models}/v1/chat/completions", json=body).text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    first = json.loads(lines[0].removeprefix("data: "))
    assert first["choices"][0]["delta"]["content"].startswith("Yes.")
