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
NAMED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "lab"}}


def exported(resources: list[dict[str, Any]], *operations: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    pending_ones = [{"resource": resource, "type": kind} for kind, resource in operations]
    return {"version": 3, "deployment": {"resources": resources, "pending_operations": pending_ones}}


def test_what_was_being_made_is_known_by_its_name_alone() -> None:
    mended, urns = settled(exported([], ("creating", CONFIG_MAP)))
    assert urns == (URN,)
    made = {**CONFIG_MAP, "id": "lab/one", "inputs": NAMED, "outputs": NAMED}
    assert mended == {"version": 3, "deployment": {"resources": [made]}}


def test_what_was_being_changed_is_known_by_its_name_alone() -> None:
    known = {**CONFIG_MAP, "id": "lab/one", "outputs": {"data": {"key": "value"}}}
    mended, urns = settled(exported([known], ("updating", known)))
    assert urns == (URN,)
    assert mended["deployment"]["resources"] == [{**known, "inputs": NAMED}]


def test_a_replacement_takes_the_place_of_what_it_replaces() -> None:
    other = {"urn": "urn:other", "custom": True, "type": "kubernetes:core/v1:Secret", "id": "lab/two"}
    old = {**CONFIG_MAP, "id": "lab/one", "pendingReplacement": True}
    mended, _ = settled(exported([old, other], ("creating", CONFIG_MAP)))
    made = {**CONFIG_MAP, "id": "lab/one", "inputs": NAMED, "outputs": NAMED}
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
