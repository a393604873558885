"""The stand-in for the Kubernetes plugin, without an engine: what it compares, names, marks and leaves out."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "sandbox/provider"))

from kubernetes_stand_in.difference import Mutability, changes
from kubernetes_stand_in.objects import named, observed, refusals, returned
from kubernetes_stand_in.values import plain, secret, struct, without_secrets, wrapped


def job(image: str, **spec: Any) -> dict[str, Any]:
    template = {"spec": {"containers": [{"name": "main", "image": image}]}}
    metadata = {"name": "once", "namespace": "lab"}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template, **spec}}


def config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": data}


def told(old: dict[str, Any], new: dict[str, Any], **mutable: bool) -> list[tuple[str, str, bool]]:
    return [(change.text, change.kind, change.replaces) for change in changes(old, new, Mutability(**mutable))]


def test_numbers_arrive_as_kubernetes_wants_them() -> None:
    assert wrapped(struct({"replicas": 3, "ratio": 0.5, "on": True, "none": None, "list": [1, "a"]})) == {
        "replicas": 3,
        "ratio": 0.5,
        "on": True,
        "none": None,
        "list": [1, "a"],
    }
    assert type(wrapped(struct({"replicas": 3}))["replicas"]) is int


def test_the_template_of_a_job_is_that_of_a_new_job() -> None:
    assert told(job("a:1"), job("a:2")) == [("spec.template.spec.containers[0].image", "update", True)]


def test_other_fields_of_a_job_are_changed_in_place() -> None:
    assert told(job("a:1"), job("a:1", suspend=True)) == [("spec.suspend", "add", False)]


def test_data_is_changed_in_place_only_where_the_program_says_so() -> None:
    old, new = config_map(**{"nats.conf": "a"}), config_map(**{"nats.conf": "b"})
    assert told(old, new) == [('data["nats.conf"]', "update", True)]
    assert told(old, new, config_maps=True) == [('data["nats.conf"]', "update", False)]


def test_another_name_is_another_object() -> None:
    new = {**config_map(), "metadata": {"name": "two"}}
    assert told(config_map(), new) == [("metadata.name", "update", True)]


def test_an_object_without_a_name_gets_one_and_keeps_it() -> None:
    bare = {"apiVersion": "v1", "kind": "ConfigMap"}
    first = named(bare, {}, "Settings", b"seed")
    name = first["metadata"]["name"]
    assert name.startswith("settings-")
    assert named(bare, first, "Settings", b"another seed")["metadata"]["name"] == name


def test_what_was_secret_comes_back_secret() -> None:
    inputs = {**config_map(), "data": {"open": "a", "hidden": secret("b")}}
    live = {**config_map(open="a", hidden="b"), "status": {}}
    assert returned(live, inputs)["data"] == {"open": "a", "hidden": secret("b")}


def test_every_value_of_a_secret_comes_back_secret() -> None:
    live = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "data": {"key": "Yg=="}}
    assert returned(live, {"stringData": {"key": "b"}})["data"] == secret({"key": "Yg=="})


def test_a_change_by_somebody_else_shows_in_the_inputs() -> None:
    inputs = config_map(ours="a", gone="b")
    live = config_map(ours="changed", theirs="c")
    assert observed(inputs, live)["data"] == {"ours": "changed"}


def test_a_message_quotes_no_secret_bare_or_encoded() -> None:
    given = {"data": {"key": secret("hunter2")}}
    assert without_secrets("refused: hunter2 (aHVudGVyMg==)", given) == "refused: [secret] ([secret])"
    assert plain(given) == {"data": {"key": "hunter2"}}


@pytest.mark.parametrize(
    "token",
    ["kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:ConfigMapPatch", "kubernetes:yaml/v2:ConfigFile"],
)
def test_what_it_cannot_do_is_refused_by_name(token: str) -> None:
    assert list(refusals(token, {})) == [
        ("", f"{token} needs Pulumi's own Kubernetes plugin; this is a stand-in for it")
    ]
