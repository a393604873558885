"""Phase 4: Context Forge, its registration, the evaluation and OpenClaw's configuration."""

import json
from typing import Any

import pytest
import yaml

from homelab.config import openclaw, promptfoo
from homelab.errors import InvalidInput
from homelab.lab import ROOT, Models
from homelab.lab.models import Chat
from homelab.render import Chosen
from unit.rendering import TOOLING, Manifest, containers, machine, objects, one, rendered

HOST = "desktop-32g"


def container(found: tuple[Manifest, ...], kind: str, name: str) -> dict[str, Any]:
    spec = one(found, kind, name)["spec"]
    template = spec["jobTemplate"]["spec"]["template"] if kind == "CronJob" else spec["template"]
    main: dict[str, Any] = template["spec"]["containers"][0]
    return main


def told(manifest: dict[str, Any]) -> dict[str, Any]:
    """Variable → its value, or the Secret and key that it comes from."""
    found = {}
    for variable in manifest["env"]:
        key = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = variable["value"] if key is None else (key["name"], key["key"])
    return found


def with_chat() -> tuple[Manifest, ...]:
    what = machine(HOST, TOOLING)
    models = Models(chat=Chat(endpoint="http://10.0.0.7:8080/v1", model="m"))
    return objects(Chosen(what.lab.model_copy(update={"models": models}), what.plan), TOOLING)


def test_context_forge_keeps_its_tables_in_a_schema_of_our_database() -> None:
    found = rendered(HOST, TOOLING)
    environment = told(container(found, "Deployment", "context-forge"))
    assert environment["DATABASE_URL"] == (
        "postgresql+psycopg://lab@supabase-postgres:5432/lab?options=-c%20search_path%3Dcontextforge"
    )
    assert environment["PGPASSWORD"] == ("pipeline", "lab_postgres_password")
    deployment = one(found, "Deployment", "context-forge")["spec"]["template"]
    schema, _ = containers(deployment)
    assert schema["args"] == ["-m", "pipeline.gateway", "schema"]
    assert schema["image"] != container(found, "Deployment", "context-forge")["image"]


def test_its_secrets_are_all_that_it_refuses_to_start_without() -> None:
    environment = told(container(rendered(HOST, TOOLING), "Deployment", "context-forge"))
    must = (
        "JWT_SECRET_KEY",
        "AUTH_ENCRYPTION_SECRET",
        "PLATFORM_ADMIN_EMAIL",
        "PLATFORM_ADMIN_PASSWORD",
        "DEFAULT_USER_PASSWORD",
        "BASIC_AUTH_PASSWORD",
    )
    assert {name: environment[name] for name in must} == {name: ("context-forge", name) for name in must}
    assert environment["MCPGATEWAY_UI_ENABLED"] == environment["MCPGATEWAY_ADMIN_API_ENABLED"] == "false"


def test_what_it_may_reach_is_our_api_and_our_postgres() -> None:
    egress = one(rendered(HOST, TOOLING), "NetworkPolicy", "context-forge")["spec"]["egress"]
    named = [
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], port["port"])
        for rule in egress[1:]
        for peer in rule["to"]
        for port in rule["ports"]
    ]
    assert named == [("supabase-postgres", 5432), ("api", 8000)]


def test_the_registration_signs_with_the_gateways_secret_and_points_at_our_tools() -> None:
    found = rendered(HOST, TOOLING)
    (job,) = (manifest for manifest in found if manifest["kind"] == "Job")
    assert job["metadata"]["name"].startswith("registration-")
    environment = told(job["spec"]["template"]["spec"]["containers"][0])
    assert environment == {
        "LAB_GATEWAY_URL": "http://context-forge:4444",
        "LAB_TOOLS_URL": "http://api:8000/mcp",
        "LAB_GATEWAY_USER": ("context-forge", "PLATFORM_ADMIN_EMAIL"),
        "LAB_GATEWAY_SECRET": ("context-forge", "JWT_SECRET_KEY"),
    }
    checked = told(container(found, "CronJob", "checks-phase4-tooling"))
    assert environment.items() <= checked.items()


def test_the_evaluation_waits_to_be_started_and_holds_a_key_only_for_a_model() -> None:
    without, chatting = rendered(HOST, TOOLING), with_chat()
    spec = one(without, "CronJob", "promptfoo-eval")["spec"]
    assert (spec["suspend"], spec["jobTemplate"]["spec"]["backoffLimit"]) == (True, 0)
    assert "LITELLM_API_KEY" not in told(container(without, "CronJob", "promptfoo-eval"))
    key = told(container(chatting, "CronJob", "promptfoo-eval"))["LITELLM_API_KEY"]
    assert key == ("pipeline", "lab_litellm_key")


def evaluation(*, chat: bool) -> dict[str, Any]:
    files = promptfoo.render(api_url="http://api:8000", litellm_url="http://litellm:4000", chat=chat)
    document: dict[str, Any] = yaml.safe_load(files["promptfooconfig.yaml"])
    return document


def test_the_api_alone_is_asked_about_the_samples() -> None:
    document = evaluation(chat=False)
    assert [provider["label"] for provider in document["providers"]] == ["our API"]
    assert document["tests"][0] == {
        "description": "How long does the UPS carry the NAS alone?",
        "vars": {"question": "How long does the UPS carry the NAS alone?"},
        "providers": ["our API"],
        "assert": [
            {
                "type": "javascript",
                "value": "file://found.js",
                "config": {"of": "power.md", "says": "74 minutes", "chat": False},
            }
        ],
    }


def test_a_chat_model_must_cite_and_is_asked_by_itself() -> None:
    document = evaluation(chat=True)
    assert document["providers"][1]["id"] == "openai:chat:chat"
    assert all(test["assert"][0]["config"]["chat"] for test in document["tests"][:-1])
    assert document["tests"][-1]["providers"] == ["the chat model alone"]


@pytest.mark.parametrize("case", promptfoo.CASES, ids=lambda case: case.of)
def test_the_answers_stand_in_the_samples(case: promptfoo.Case) -> None:
    assert case.says in (ROOT / "samples" / case.of).read_text("utf-8")


def test_openclaw_is_told_of_the_models_that_chat_and_of_no_key() -> None:
    text = one(rendered(HOST, TOOLING), "ConfigMap", "openclaw")["data"]["openclaw.json5"]
    comment, _, rest = text.partition("\n")
    assert comment.startswith("//")
    document = json.loads(rest)
    provider = document["models"]["providers"]["litellm"]
    assert provider["apiKey"] == "${LITELLM_API_KEY}"
    assert provider["baseUrl"] == "http://litellm.ai-infrastructure.svc.cluster.local:4000/v1"
    assert provider["request"] == {"allowPrivateNetwork": True}
    assert [model["id"] for model in provider["models"]] == ["glm-4.7-flash", "qwen3-1.7b"]
    assert document["agents"]["defaults"]["model"]["primary"] == "litellm/glm-4.7-flash"
    assert document["gateway"] == {"mode": "local"}


def openclaws(*models: openclaw.Model) -> dict[str, Any]:
    text = openclaw.render(models, litellm_url="http://litellm:4000")
    document: dict[str, Any] = json.loads(text.partition("\n")[2])
    return document


def test_an_endpoint_of_unknown_context_is_taken_to_hold_a_turn_of_its_agent() -> None:
    (model,) = openclaws(openclaw.Model("chat"))["models"]["providers"]["litellm"]["models"]
    assert (model["contextWindow"], model["maxTokens"]) == (32768, 8192)


@pytest.mark.parametrize(
    ("contexts", "usual"),
    [((4096, 16384, 32768), "litellm/2"), ((20480, 32768), "litellm/0"), ((4096, 8192), "litellm/0")],
    ids=["two too small", "just enough", "none enough"],
)
def test_openclaw_asks_the_first_model_that_holds_a_turn_of_its_agent(
    contexts: tuple[int, ...], usual: str
) -> None:
    document = openclaws(*(openclaw.Model(str(number), context) for number, context in enumerate(contexts)))
    assert document["agents"]["defaults"]["model"]["primary"] == usual


def test_without_context_forge_there_is_no_such_phase() -> None:
    with pytest.raises(InvalidInput, match="context-forge is placed on no node"):
        objects(machine(HOST), TOOLING)
