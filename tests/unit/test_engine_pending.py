"""What becomes of the operations that a killed engine left in its state."""

from typing import Any

from homelab.engine.pending import pending, settled

URN = "urn:pulumi:test::homelab::kubernetes:core/v1:ConfigMap::one"
CONFIG_MAP = {
    "urn": URN,
    "custom": True,
    "type": "kubernetes:core/v1:ConfigMap",
    "inputs": {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "one", "namespace": "lab", "labels": {"part": "of it"}},
        "data": {"key": "value"},
    },
}
MARKED = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "one",
        "namespace": "lab",
        "labels": {"part": "of it"},
        "annotations": {"homelab/interrupted": "true"},
    },
    "data": {"key": "value"},
}


def exported(resources: list[dict[str, Any]], *operations: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    pending_ones = [{"resource": resource, "type": kind} for kind, resource in operations]
    return {"version": 3, "deployment": {"resources": resources, "pending_operations": pending_ones}}


def test_what_was_being_made_is_known_as_it_was_wanted_and_marked() -> None:
    mended, urns = settled(exported([], ("creating", CONFIG_MAP)))
    assert urns == (URN,)
    made = {**CONFIG_MAP, "id": "lab/one", "inputs": MARKED, "outputs": MARKED}
    assert mended == {"version": 3, "deployment": {"resources": [made]}}


def test_what_was_being_changed_has_what_it_had_and_what_was_wanted() -> None:
    """The server is asked about both: what was to go is gone or not, what was to come is there or not."""
    spec = {"ports": [{"name": "http", "port": 1}]}
    known = {
        **CONFIG_MAP,
        "id": "lab/one",
        "inputs": {**CONFIG_MAP["inputs"], "data": {"key": "before", "old": "1"}, "spec": spec},
    }
    wanted = {**known, "inputs": {**CONFIG_MAP["inputs"], "spec": {"ports": [{"port": 2}]}}}
    mended, urns = settled(exported([known], ("updating", wanted)))
    assert urns == (URN,)
    both = {**MARKED, "data": {"key": "value", "old": "1"}, "spec": {"ports": [{"name": "http", "port": 2}]}}
    assert mended["deployment"]["resources"] == [{**known, "inputs": both}]


def test_what_the_server_never_shows_again_is_not_known() -> None:
    secret = {**CONFIG_MAP, "inputs": {**CONFIG_MAP["inputs"], "stringData": {"password": "encrypted"}}}
    mended, _ = settled(exported([], ("creating", secret)))
    assert mended["deployment"]["resources"][0]["inputs"] == MARKED


def test_a_replacement_takes_the_place_of_what_it_replaces() -> None:
    other = {"urn": "urn:other", "custom": True, "type": "kubernetes:core/v1:Secret", "id": "lab/two"}
    old = {**CONFIG_MAP, "id": "lab/one", "pendingReplacement": True}
    mended, _ = settled(exported([old, other], ("creating", CONFIG_MAP)))
    made = {**CONFIG_MAP, "id": "lab/one", "inputs": MARKED, "outputs": MARKED}
    assert mended["deployment"]["resources"] == [made, other]


def test_an_object_of_the_whole_cluster_has_its_name_as_id() -> None:
    namespace = {
        "urn": "urn:namespace",
        "custom": True,
        "type": "kubernetes:core/v1:Namespace",
        "inputs": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "lab"}},
    }
    mended, _ = settled(exported([], ("creating", namespace)))
    assert mended["deployment"]["resources"][0]["id"] == "lab"


def test_a_provider_that_was_being_made_is_made_again() -> None:
    provider = {"urn": "urn:provider", "custom": True, "type": "pulumi:providers:kubernetes", "inputs": {}}
    mended, urns = settled(exported([], ("creating", provider)))
    assert (mended["deployment"]["resources"], urns) == ([], ())


def test_a_state_says_whether_anything_is_pending() -> None:
    assert pending('{"checkpoint": {"latest": {"pending_operations": [{"type": "creating"}]}}}')
    assert not pending('{"checkpoint": {"latest": {"resources": []}}}')
    assert not pending('{"checkpoint": {}}')
