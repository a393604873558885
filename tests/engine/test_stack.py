"""Preview, up and down by the real engine against a real API server."""

from pathlib import Path

import pytest
from control_plane import ControlPlane
from stack import Stack

from homelab.errors import EngineFailed


def test_up_makes_what_the_program_says_and_a_second_changes_nothing(
    cluster: ControlPlane, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "twice", "config_maps": 3, "jobs": {"once": "first:1"}})
    first = stack.up()
    assert first.changes == {"create": 7}  # with the stack itself and its provider
    assert {name: one["data"] for name, one in stack.objects().items()} == {
        "config-0": {"value": "first", "number": "0"},
        "config-1": {"value": "first", "number": "1"},
        "config-2": {"value": "first", "number": "2"},
    }
    assert stack.up().changes == {"same": 7}


def test_a_changed_field_is_updated_in_place(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "changed", "config_maps": 1})
    stack.up()
    before = stack.objects()["config-0"]["metadata"]["uid"]
    stack.wanted["data"] = "second"
    assert stack.up().changes == {"same": 3, "update": 1}
    after = stack.objects()["config-0"]
    assert (after["metadata"]["uid"], after["data"]["value"]) == (before, "second")


def test_a_job_with_another_image_is_a_new_job(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "replaced", "jobs": {"once": "first:1"}})
    stack.up()
    before = stack.objects("jobs", "/apis/batch/v1")["once"]["metadata"]["uid"]
    stack.wanted["jobs"] = {"once": "second:2"}
    stack.up()
    after = stack.objects("jobs", "/apis/batch/v1")["once"]
    assert after["metadata"]["uid"] != before
    assert after["spec"]["template"]["spec"]["containers"][0]["image"] == "second:2"


def test_what_the_program_no_longer_says_is_deleted(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "fewer", "config_maps": 2})
    stack.up()
    stack.wanted["config_maps"] = 1
    assert stack.up().changes == {"delete": 1, "same": 4}
    assert set(stack.objects()) == {"config-0"}


def test_a_preview_changes_nothing(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "previewed", "config_maps": 2})
    assert stack.engine().preview("test").changes == {"create": 5}
    assert cluster.get("/api/v1/namespaces/previewed") is None


def test_down_deletes_everything_and_waits_until_it_is_gone(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "gone", "config_maps": 2, "jobs": {"once": "first:1"}})
    stack.up()
    assert stack.down().changes == {"delete": 6}
    assert cluster.get("/api/v1/namespaces/gone") is None


def test_an_object_that_is_there_already_is_adopted(cluster: ControlPlane, tmp_path: Path) -> None:
    cluster.make("/api/v1/namespaces", {"metadata": {"name": "adopted"}})
    stack = Stack(tmp_path, cluster, {"namespace": "adopted", "config_maps": 1})
    stack.up()
    assert set(stack.objects()) == {"config-0"}


def test_the_servers_refusal_is_told_in_its_words(
    cluster: ControlPlane, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "refused", "jobs": {"Not_A_Name": "first:1"}})
    with pytest.raises(EngineFailed):
        stack.up()
    told = capfd.readouterr().out
    assert 'Job.batch "Not_A_Name" is invalid: metadata.name: Invalid value: "Not_A_Name"' in told
    assert "Traceback" not in told


def test_nothing_is_written_beside_the_program(cluster: ControlPlane, tmp_path: Path) -> None:
    stack = Stack(tmp_path, cluster, {"namespace": "clean", "config_maps": 1})
    program = Path(__file__).parent / "program"
    before = sorted(path.name for path in program.iterdir() if path.name != "__pycache__")
    stack.up()
    assert sorted(path.name for path in program.iterdir() if path.name != "__pycache__") == before
