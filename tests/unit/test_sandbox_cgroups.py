"""The sandbox's cgroups, on folders that look like the kernel's."""

from pathlib import Path

import pytest

from homelab.errors import SandboxError
from homelab.sandbox import cgroups


@pytest.fixture
def unified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a cgroup v2 hierarchy, the only one of its machine."""
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory hugetlb pids rdma misc\n")
    (tmp_path / "cgroup.subtree_control").write_text("")
    monkeypatch.setattr(cgroups, "hierarchies", lambda: [tmp_path])
    return tmp_path


def test_every_controller_that_the_kubelet_asks_for_is_handed_on(unified: Path) -> None:
    """It does not start below a group that lacks one of the root's (k8s.io, cgroup_v2_manager_linux.go)."""
    cgroups.create("sandbox", None)
    handed = (unified / "cgroup.subtree_control").read_text().split()
    assert {"+cpu", "+cpuset", "+hugetlb", "+memory", "+pids"} <= set(handed)


def test_a_controller_that_the_kernel_lacks_is_not_asked_of_it(unified: Path) -> None:
    (unified / "cgroup.controllers").write_text("cpu memory pids\n")
    cgroups.create("sandbox", None)
    assert (unified / "cgroup.subtree_control").read_text() == "+cpu +memory +pids"


def test_a_group_is_joined_as_a_leaf_of_its_machine(unified: Path) -> None:
    assert cgroups.create("sandbox", None) == [unified / "homelab-sandbox/sandbox/system/cgroup.procs"]


def test_a_container_that_may_not_divide_its_cgroup_is_told_so(unified: Path) -> None:
    (unified / "cgroup.subtree_control").unlink()
    (unified / "cgroup.subtree_control").mkdir()  # as root, no mode of a file keeps us out
    with pytest.raises(SandboxError) as refused:
        cgroups.create("sandbox", None)
    assert str(refused.value) == (
        f"{unified}/cgroup.subtree_control · Is a directory · the sandbox has cgroups of its own"
        " · run it on the machine itself, not in a container"
    )


def test_a_hierarchy_that_nobody_may_write_to_is_named(unified: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cgroups.read_only() == []
    monkeypatch.setattr("os.access", lambda *_: False)
    assert cgroups.read_only() == [unified]
