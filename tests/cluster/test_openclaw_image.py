"""OpenClaw itself, as we build it, with the configuration that we render for it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from container import container
from test_images_run import built, ours, started

from chat_stand_in import Reply, chat_stand_in
from homelab.config import openclaw
from homelab.images.store import Store
from servers import answers, free_port
from unit.rendering import TOOLING, one, rendered

pytestmark = pytest.mark.timeout(1800)  # an image is built where it is not

__all__ = ["ours"]  # the fixture

KEY = "sk-of-tests-only"
PLACE = "/etc/openclaw/openclaw.json5"
LITELLM = "litellm.ai-infrastructure.svc.cluster.local"


def deployed() -> str:
    """What the ConfigMap of a lab with two models holds."""
    text: str = one(rendered("desktop-32g", TOOLING), "ConfigMap", "openclaw")["data"]["openclaw.json5"]
    return text


def run(
    ours: Store,
    folder: Path,
    text: str,
    args: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    hosts: str | None = None,
) -> tuple[int, str]:
    """Its exit status and all that it said; `hosts` is the container's /etc/hosts."""
    configs = {PLACE: folder / "openclaw.json5"}
    configs[PLACE].write_text(text)
    if hosts is not None:
        configs["/etc/hosts"] = folder / "hosts"
        configs["/etc/hosts"].write_text(hosts)
    image = built("openclaw", ours)
    with container(ours, image, folder, args=args, env=env, configs=configs) as process:
        code = process.wait(timeout=300)
    return code, (folder / "output").read_text()


def test_openclaw_takes_what_is_deployed(ours: Store, tmp_path: Path) -> None:
    args, env = ["config", "validate", "--json"], {openclaw.KEY: KEY}
    code, said = run(ours, tmp_path, deployed(), args, env=env)
    assert (code, json.loads(said)) == (0, {"valid": True, "path": PLACE, "warnings": []})


def test_without_the_key_it_names_the_variable_that_it_misses(ours: Store, tmp_path: Path) -> None:
    code, said = run(ours, tmp_path, deployed(), ["config", "validate"])
    assert code == 0
    assert 'models.providers.litellm.apiKey: *** env var "LITELLM_API_KEY"' in said


@pytest.mark.parametrize(
    ("ours_is", "broken", "path"),
    [
        ('"openai-completions"', '"openai"', "models.providers.litellm.api"),
        ('"contextWindow"', '"context"', "models.providers.litellm.models.0"),
    ],
    ids=["another protocol", "an unknown setting"],
)
def test_it_refuses_what_is_none_of_its_settings_and_says_where(
    ours: Store, tmp_path: Path, ours_is: str, broken: str, path: str
) -> None:
    text = deployed()
    assert ours_is in text
    code, said = run(ours, tmp_path, text.replace(ours_is, broken), ["config", "validate", "--json"])
    told = json.loads(said)
    assert (code, told["valid"]) == (1, False)
    assert path in [issue["path"] for issue in told["issues"]]


def test_it_lists_the_models_that_chat_and_asks_the_usual_one(ours: Store, tmp_path: Path) -> None:
    args, env = ["models", "list", "--provider", "litellm", "--json"], {openclaw.KEY: KEY}
    code, said = run(ours, tmp_path, deployed(), args, env=env)
    assert code == 0, said
    listed = json.loads(said[said.index("{\n") :])["models"]
    assert [(model["key"], "default" in model["tags"]) for model in listed] == [
        ("litellm/glm-4.7-flash", True),
        ("litellm/qwen3-1.7b", False),
    ]


def test_a_turn_of_its_agent_is_asked_of_the_endpoint_with_the_persons_key(ours: Store, tmp_path: Path) -> None:
    """By LiteLLM's name in the cluster, which leads to a private address, as it does over the tailnet."""
    with chat_stand_in(Reply("It carries the NAS for 74 minutes.")) as server:
        port = server.url.rpartition(":")[2]
        text = openclaw.render([openclaw.Model("chat")], litellm_url=f"http://{LITELLM}:{port}")
        args = ["agent", "exec", "How long does the UPS carry the NAS?", "--json"]
        hosts = f"127.0.0.1 localhost {LITELLM}\n"
        code, said = run(ours, tmp_path, text, args, env={openclaw.KEY: KEY}, hosts=hosts)
    assert code == 0, said[-3000:]
    assert '"final": "It carries the NAS for 74 minutes."' in said
    assert server.authorizations == [f"Bearer {KEY}"]
    (request,) = server.requests
    assert request["model"] == "chat"
    assert "How long does the UPS carry the NAS?" in json.dumps(request["messages"])
    assert request["max_completion_tokens"] == 8192  # room for an answer beside its own instructions
    assert KEY not in said


def test_its_gateway_starts_with_what_is_deployed(ours: Store, tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "openclaw.json5"
    config.write_text(deployed())
    args = ["gateway", "run", "--bind", "loopback", "--port", str(port)]
    env = {openclaw.KEY: KEY, "OPENCLAW_GATEWAY_TOKEN": "a token of tests only"}
    url = f"http://127.0.0.1:{port}/healthz"
    with started(ours, "openclaw", tmp_path, lambda: answers(url), args=args, env=env, configs={PLACE: config}):
        pass
