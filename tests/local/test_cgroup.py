"""Limits in the kernel where it lets us; where it does not, that is known."""

import os
from pathlib import Path

import pytest
from stand import Stand

from homelab.local import cgroup, memory, record
from homelab.local.cgroup import Cgroup
from servers import until

V1_MOUNT = "33 32 0:29 / {mount} rw,relatime - cgroup cgroup rw,memory\n"
V2_MOUNT = "42 24 0:30 / {mount} rw - cgroup2 cgroup2 rw,nsdelegate\n"


def proc(folder: Path, groups: str, mounts: str) -> Path:
    made = folder / "proc"
    made.mkdir()
    (made / "cgroup").write_text(groups)
    (made / "mountinfo").write_text(mounts)
    return made


def test_v1_takes_the_group_that_we_are_in(tmp_path: Path) -> None:
    own = tmp_path / "memory/session/shell"
    own.mkdir(parents=True)
    text = "9:cpu:/\n4:memory:/session/shell\n0::/\n"
    assert cgroup.find(proc(tmp_path, text, V1_MOUNT.format(mount=tmp_path / "memory"))) == Cgroup(own, 1)


def test_v2_takes_the_nearest_ancestor_that_hands_on_memory(tmp_path: Path) -> None:
    user = tmp_path / "cgroup/user.slice/user@1000.service"
    own = user / "app.slice/terminal.scope"
    own.mkdir(parents=True)
    for folder, controllers in ((user, "cpu memory pids"), (user / "app.slice", "cpu pids"), (own, "")):
        (folder / "cgroup.subtree_control").write_text(controllers + "\n")
        (folder / "cgroup.procs").write_text("")
    text = "0::/user.slice/user@1000.service/app.slice/terminal.scope\n"
    assert cgroup.find(proc(tmp_path, text, V2_MOUNT.format(mount=tmp_path / "cgroup"))) == Cgroup(user, 2)


def test_v2_without_a_delegated_memory_controller_gives_none(tmp_path: Path) -> None:
    own = tmp_path / "cgroup/session.scope"
    own.mkdir(parents=True)
    for folder in (own, own.parent):
        (folder / "cgroup.subtree_control").write_text("cpu\n")
        (folder / "cgroup.procs").write_text("")
    found = cgroup.find(proc(tmp_path, "0::/session.scope\n", V2_MOUNT.format(mount=tmp_path / "cgroup")))
    assert found is None


def test_a_machine_without_cgroups_gives_none(tmp_path: Path) -> None:
    assert cgroup.find(proc(tmp_path, "", "")) is None


def test_v2_limits_memory_and_allows_no_swap(tmp_path: Path) -> None:
    (tmp_path / "memory.swap.max").write_text("max\n")
    Cgroup(tmp_path, 2).limit(512)
    assert (tmp_path / "memory.max").read_text() == "536870912"
    assert (tmp_path / "memory.swap.max").read_text() == "0"


def group_of(stand: Stand, program: str) -> Cgroup:
    known = record.read(stand.folders)
    assert known is not None
    group = known.cgroup_of(program)
    if group is None:
        pytest.skip("this machine has no memory cgroup that we may write")
    return group


def test_each_program_lives_under_its_limit(running: Stand) -> None:
    for program in ("nats", "postgres", "oxigraph"):
        group = group_of(running, program)
        assert running.pid(program) in group.processes()
        name = "memory.limit_in_bytes" if group.version == 1 else "memory.max"
        assert int((group.path / name).read_text()) == 512 * 1024**2
    assert os.getpid() not in group_of(running, "nats").processes()


def test_the_kernel_ends_a_program_that_takes_more(stand: Stand) -> None:
    stand.limit_mib = 64
    stand.up(stand.stand_in())
    group_of(stand, "stand-in")
    spec = next(stand.folders.programs.glob("stand-in.*.json"))
    port = str(stand.ports.api)
    spec.write_text(spec.read_text().replace(f'"{port}"', f'"{port}", "grow", "200"'))
    until(lambda: stand.state("stand-in") == "RUNNING", "up for a second")
    os.kill(stand.pid("stand-in"), 9)
    until(lambda: stand.restarts("stand-in") >= 2, "ended by the kernel and started again")
    [used] = memory.usage(stand.folders)
    assert used.peak_mib is not None
    assert 60 <= used.peak_mib <= 64


def test_a_changed_limit_holds_at_once_and_restarts_nothing(stand: Stand) -> None:
    stand.up(stand.stand_in())
    pid = stand.pid("stand-in")
    for stand.limit_mib in (256, 1024):
        stand.up(stand.stand_in())
        assert stand.pid("stand-in") == pid
        assert [one.limit_mib for one in memory.usage(stand.folders)] == [stand.limit_mib]
        group = group_of(stand, "stand-in")
        name = "memory.limit_in_bytes" if group.version == 1 else "memory.max"
        assert int((group.path / name).read_text()) == stand.limit_mib * 1024**2


def test_the_groups_are_gone_when_the_platform_is(running: Stand) -> None:
    group = group_of(running, "nats")
    running.down()
    assert not group.path.parent.exists()
