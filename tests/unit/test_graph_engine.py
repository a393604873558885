"""A profile that chooses Cognee for the graph: what the cluster then runs, and who says no."""

from pathlib import Path

import pytest

from homelab import images, profile
from homelab.consumers import LOCAL
from homelab.errors import InvalidInput, LocalError
from homelab.lab import Lab
from homelab.lab.models import Chat
from homelab.local import table
from homelab.render import chosen
from unit.rendering import LAB, Manifest, containers, machine, objects, one

HOST, STACK = "desktop-32g", "phase2-pipeline"
CHAT = Chat(endpoint="http://gpu.lan:11434/v1", model="qwen3:8b")
MINE = """\
name: mine
version: 1
extends: default
graph: {engine: cognee}
consumers:
  graph: {floor: FLOOR}
"""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """With the profile `mine` beside the project's own, and a chat model."""
    for path in profile.PROFILES.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"))
    (tmp_path / "mine.yaml").write_text(MINE.replace("FLOOR", "2048"))
    load = profile.load
    monkeypatch.setattr(profile, "load", lambda *name, **facts: load(*name, folder=tmp_path, **facts))
    models = LAB.models.model_copy(update={"chat": CHAT})
    return LAB.model_copy(update={"models": models, "profile": "mine"})


def container(found: tuple[Manifest, ...], name: str) -> Manifest:
    [made] = containers(one(found, "Deployment", name)["spec"]["template"])
    return made


def environment(container: Manifest) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container["env"]}


def test_the_graph_workers_and_no_others_are_of_its_image_and_told_so(lab: Lab) -> None:
    found = objects(chosen(lab, HOST, LOCAL), STACK)
    worker = container(found, "cognee")
    assert worker["image"] == images.reference("cognee")
    assert worker["args"] == ["-m", "pipeline.worker", "graph"]
    told = environment(worker)
    assert (told["LAB_GRAPH_ENGINE"], told["LAB_CHAT_MODEL"]) == ("cognee", "chat")
    assert told["LAB_LITELLM_URL"] == "http://litellm:4000"
    for other in ("docling", "chunk", "embed", "api"):
        assert container(found, other)["image"] == images.reference("pipeline")
        assert "LAB_GRAPH_ENGINE" not in environment(container(found, other))


def test_they_have_the_memory_that_its_libraries_need(lab: Lab) -> None:
    line = chosen(lab, HOST, LOCAL).plan.host(HOST).budget.line("graph")
    assert line.limit.value >= 2048
    resources = container(objects(chosen(lab, HOST, LOCAL), STACK), "cognee")["resources"]
    assert resources["limits"]["memory"] == f"{line.limit.value}Mi"


def test_without_the_choice_the_pipelines_image_builds_the_graph() -> None:
    worker = container(objects(machine(HOST), STACK), "cognee")
    assert worker["image"] == images.reference("pipeline")
    assert "LAB_GRAPH_ENGINE" not in environment(worker)


def test_without_a_chat_model_nothing_is_planned(lab: Lab) -> None:
    bare = lab.model_copy(update={"models": LAB.models})
    with pytest.raises(InvalidInput) as refusal:
        chosen(bare, HOST, LOCAL)
    assert str(refusal.value) == (
        "lab.example.yaml models.chat · none · graph.engine of the profile mine is cognee, "
        "which reads by a chat model · name one, or write engine: own"
    )


def test_a_host_without_the_graph_needs_no_chat_model(lab: Lab) -> None:
    bare = lab.model_copy(update={"models": LAB.models})
    assert "postgres" in chosen(bare, HOST, ("postgres",)).plan.host(HOST).budget


def test_the_local_platform_says_that_it_has_no_cognee(lab: Lab) -> None:
    plan = chosen(lab, HOST, LOCAL).plan.host(HOST)
    with pytest.raises(LocalError) as refusal:
        table.platform(lab, plan)
    assert str(refusal.value) == (
        "profile mine graph.engine · cognee · the local platform has no Cognee · write own"
    )


def test_it_has_no_settings_of_stores_that_nobody_opens(lab: Lab) -> None:
    assert "cognee" not in chosen(lab, HOST, LOCAL).plan.host(HOST).specs
