"""Each check of `homelab doctor` at its edges."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homelab.doctor import cgroups, clock, disk, facts, kernel, keys, ports, tools
from homelab.local.cgroup import Cgroup
from homelab.local.ports import Owner
from homelab.tools.wheels import JUST
from unit.hosts import GIB
from unit.hosts import facts as made_up

DATA = Path("/srv/lab")
MOUNTS = """\
/dev/sda2 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
nas:/pool /srv/with\\040space nfs4 rw 0 0
overlay / overlay rw 0 0
"""


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), "fail"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "fail")],
)
def test_python_is_within_what_the_project_asks_for(version: tuple[int, ...], state: str) -> None:
    assert tools.python(version).state == state


@pytest.mark.parametrize(
    ("version", "state", "evidence"),
    [
        (None, "warn", "not found"),
        ((1, 41, 9), "warn", "1.41.9, while 1.42 is needed"),
        ((1, 42), "ok", "1.42, at least 1.42"),
    ],
)
def test_just_is_new_enough_or_brought_along(version: tuple[int, ...] | None, state: str, evidence: str) -> None:
    found = tools.brought_along("tools.just", JUST, version)
    assert (found.id, found.state, found.evidence) == ("tools.just", state, evidence)


def test_an_optional_tool_is_never_a_fault_and_says_what_it_is_for() -> None:
    [fio] = [tool for tool in tools.OPTIONAL if tool.program == "fio"]
    found = tools.optional(fio, None)
    assert found.state == "ok"
    assert found.evidence == "not found; only for --storage-benchmark on this machine"
    assert found.mend == "sudo apt install fio"


def test_a_missing_git_is_told_and_no_failure() -> None:
    assert tools.git(None).state == "warn"
    assert tools.git((2, 39, 5)).evidence == "2.39.5"


@pytest.mark.parametrize(
    ("release", "state"),
    [
        ("4.19.0-26-amd64", "fail"),
        ("5.2.21", "fail"),
        ("5.3.0", "ok"),
        ("5.10.0-33-arm64", "ok"),
        ("6.12.34+rpt-rpi-2712", "ok"),
        ("unknown", "warn"),
    ],
)
def test_the_kernel_has_pidfd_open(release: str, state: str) -> None:
    assert kernel.version(release).state == state


def test_a_kernel_without_memory_peak_says_that_peaks_are_sampled() -> None:
    assert "sampled" in kernel.version("5.18.9").evidence
    assert "sampled" not in kernel.version("5.19.0").evidence


def test_pages_of_16_kib_are_worth_a_look() -> None:
    assert kernel.page_size(4096).state == "ok"
    found = kernel.page_size(16384)
    assert found.state == "warn"
    assert "kernel=kernel8.img" in found.mend


def test_user_namespaces_matter_to_root_alone() -> None:
    assert kernel.user_namespaces(as_root=False, said="").state == "ok"
    assert kernel.user_namespaces(as_root=True, said="").state == "ok"
    refused = kernel.user_namespaces(as_root=True, said="unshare: unshare failed: Operation not permitted")
    assert (refused.state, refused.evidence) == ("fail", "unshare: unshare failed: Operation not permitted")


def test_a_hybrid_system_has_both_versions_of_cgroups() -> None:
    text = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
    assert cgroups.mounted(text) == (1, 2)
    assert cgroups.version((1, 2)).evidence == "v1 and v2"
    assert cgroups.version(()).state == "warn"


def system(root: Path, *, controllers: str, table: str) -> tuple[Path, Path]:
    """/proc and /sys/fs/cgroup of a system with cgroup v2 that hands nothing on."""
    proc, mounts = root / "proc", root / "cgroup"
    (proc / "self").mkdir(parents=True)
    mounts.mkdir()
    (proc / "mounts").write_text("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
    (proc / "cgroups").write_text(f"#subsys_name\thierarchy\tnum_cgroups\tenabled\n{table}")
    (proc / "self/cgroup").write_text("0::/\n")
    (proc / "self/mountinfo").write_text(f"30 23 0:26 / {mounts} rw - cgroup2 cgroup2 rw\n")
    (mounts / "cgroup.controllers").write_text(controllers)
    return proc, mounts


def test_a_raspberry_pi_as_delivered_has_no_memory_controller(tmp_path: Path) -> None:
    found = list(cgroups.findings(*system(tmp_path, controllers="cpu io pids\n", table="memory 0 39 0\n")))
    assert [(one.id, one.state) for one in found] == [("cgroups.version", "ok"), ("cgroups.memory", "warn")]
    assert "cgroup_enable=memory" in found[1].mend
    assert "cmdline.txt" in found[1].mend


def test_a_controller_that_is_on_but_not_ours_is_told(tmp_path: Path) -> None:
    found = list(cgroups.findings(*system(tmp_path, controllers="cpu memory\n", table="")))
    assert [(one.id, one.state) for one in found[1:]] == [("cgroups.memory", "ok"), ("cgroups.writable", "warn")]
    assert cgroups.writable(Cgroup(Path("/sys/fs/cgroup/lab"), 2)).state == "ok"


def test_the_table_of_v1_says_whether_memory_is_on() -> None:
    assert cgroups.enabled_in_v1("#subsys_name\thierarchy\tnum\tenabled\ncpu 1 2 1\nmemory 7 75 1\n")
    assert not cgroups.enabled_in_v1("cpu 1 2 1\nmemory 0 75 0\n")
    assert not cgroups.enabled_in_v1("")


def test_a_clock_before_the_checkout_is_wrong() -> None:
    written = datetime(2026, 11, 20, tzinfo=UTC)
    assert clock.plausible(written, written).state == "ok"
    stopped = clock.plausible(datetime(1970, 1, 1, tzinfo=UTC), written)
    assert (stopped.state, stopped.mend) == ("fail", "sudo timedatectl set-ntp true")


@pytest.mark.parametrize(("state", "expected"), [(0, "ok"), (5, "warn"), (None, "ok")])
def test_the_kernel_says_whether_the_clock_is_synchronised(state: int | None, expected: str) -> None:
    assert clock.synchronised(state).state == expected


@pytest.mark.parametrize(
    ("size", "free", "state"),
    [
        (100 * GIB, 10 * GIB, "ok"),
        (100 * GIB, 10 * GIB - 1, "warn"),
        (20 * GIB, 4 * GIB, "ok"),
        (20 * GIB, 4 * GIB - 1, "fail"),
        (100 * GIB, 0, "fail"),
    ],
)
def test_the_disk_has_room_for_four_stores_and_a_tenth_free(size: int, free: int, state: str) -> None:
    assert disk.free(DATA, disk.Space(size, free)).state == state


@pytest.mark.parametrize(
    ("path", "kind", "state"),
    [
        ("/srv/lab", "overlay", "ok"),
        ("/run/lab", "tmpfs", "warn"),
        ("/srv/with space/lab", "nfs4", "warn"),
        ("/runner", "overlay", "ok"),
    ],
)
def test_data_in_memory_or_over_a_network_is_told(path: str, kind: str, state: str) -> None:
    assert disk.mounted_as(MOUNTS, Path(path)) == kind
    assert disk.filesystem(DATA, kind).state == state


def test_the_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert disk.existing(tmp_path / "a/b") == tmp_path
    assert disk.writable(tmp_path / "a", tmp_path, allowed=True).evidence == "to be made"
    assert disk.writable(tmp_path, tmp_path, allowed=False).state == "fail"


def test_a_port_is_free_or_ours_or_a_strangers() -> None:
    assert ports.port("nats", 4222, owner=None, ours=False).evidence == "4222 is free"
    assert ports.port("nats", 4222, owner=Owner(7, "nats-server"), ours=True).state == "ok"
    stranger = ports.port("nats", 4222, owner=Owner(7, "nats-server"), ours=False)
    assert stranger.state == "fail"
    assert stranger.evidence == "4222 is taken by pid 7 (nats-server)"
    assert stranger.mend == "stop it or set local.ports.nats"


@pytest.mark.parametrize(
    ("mode", "text", "state"),
    [(0o600, "k", "ok"), (0o400, "k", "ok"), (0o640, "k", "fail"), (0o604, "k", "fail"), (0o600, "", "fail")],
)
def test_a_key_is_there_and_its_owners_alone(tmp_path: Path, mode: int, text: str, state: str) -> None:
    file = tmp_path / "chat.key"
    file.write_text(text)
    file.chmod(mode)
    assert keys.named_file("models.chat.api_key_file", file).state == state


def test_a_key_file_that_is_absent_or_a_folder_fails(tmp_path: Path) -> None:
    absent = keys.named_file("models.chat.api_key_file", tmp_path / "none")
    assert (absent.state, absent.evidence) == ("fail", f"{tmp_path}/none: there is no such file")
    assert keys.named_file("models.chat.api_key_file", tmp_path).evidence == f"{tmp_path}: it is no file"


def test_own_secrets_that_others_may_read_are_named_one_by_one(tmp_path: Path) -> None:
    assert [one.evidence for one in keys.own(tmp_path)] == ["none yet; ./lab local-up makes them"]
    tmp_path.chmod(0o700)
    for name, mode in (("nats", 0o600), ("postgres", 0o644)):
        (tmp_path / name).write_text("secret")
        (tmp_path / name).chmod(mode)
    [found] = keys.own(tmp_path)
    assert (found.state, found.subject, found.mend) == ("fail", "postgres", f"chmod 600 {tmp_path}/postgres")
    assert "secret" not in found.evidence.removeprefix(str(tmp_path))


def test_facts_are_of_this_machine() -> None:
    own = made_up(32000).homelab.machine_id
    assert [one.state for one in facts.machine("desktop", made_up(32000), own, "fail")] == ["ok"]
    [other] = facts.machine("desktop", made_up(32000), "another", "fail")
    assert (other.id, other.state) == ("facts.machine", "fail")
    assert other.mend == "./lab ansible-hardware-audit --limit desktop"
    [renamed] = facts.machine("tower", made_up(32000), None, "warn")
    assert (renamed.state, renamed.evidence) == ("warn", "facts of 'desktop'; they must be of 'tower'")


@pytest.mark.parametrize(("days", "state"), [(0, "ok"), (30, "ok"), (31, "fail"), (-1, "fail")])
def test_facts_are_young_enough(days: int, state: str) -> None:
    document = made_up(32000)
    now = document.homelab.audited_at + timedelta(days=days)
    assert [one.state for one in facts.age("desktop", document, 30, now, "fail")] == [state]
