"""When an audit keeps the document that is there, and what a benchmark adds to it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from homelab.audit import benchmark, document, network
from homelab.facts import Facts, load

HOSTS = Path(__file__).parents[1] / "fixtures/hosts"
DAY = timedelta(hours=24)
LATER = datetime(2026, 11, 21, 9, tzinfo=UTC)
FIO = """#section folder 0
#section fio-version 0
|fio-3.33
#section fio 0
|{"jobs": [
| {"jobname": "sequential-write", "write": {"bw_bytes": 1204500000}},
| {"jobname": "sequential-read", "read": {"bw_bytes": 2344449000}},
| {"jobname": "random-read", "read": {"bw_bytes": 535691264, "iops": 130784.4}},
| {"jobname": "random-write", "write": {"bw_bytes": 4096, "iops": 1.2}},
| {"jobname": "fsync", "sync": {"lat_ns": {"percentile": {"95.000000": 160768, "99.000000": 211968}}}}]}
#end
"""
PING = """#section ping 0
|PING 192.0.2.7 (192.0.2.7) 56(84) bytes of data.
|
|--- 192.0.2.7 ping statistics ---
|5 packets transmitted, 4 received, 20% packet loss, time 4084ms
|rtt min/avg/max/mdev = 0.032/0.058/0.122/0.034 ms
#section mtu 0
|1280
#section tailscale 0
|pong from nas (100.64.0.7) via DERP(fra) in 38ms
|pong from nas (100.64.0.7) via 192.0.2.7:41641 in 2ms
#section iperf3 0
|{"end": {"sum_received": {"bits_per_second": 941234567.8}}}
#end
"""
BUSYBOX = """#section ping 0
|5 packets transmitted, 5 packets received, 0% packet loss
|round-trip min/avg/max = 0.513/0.702/1.004 ms
#section tailscale 0
|pong from nas (100.64.0.7) via DERP(fra) in 38ms
#section iperf3 1
#end
"""


def host(name: str = "desktop-32g") -> Facts:
    return load(HOSTS / f"{name}.json")


def changed(facts: Facts, **homelab: Any) -> Facts:
    return facts.model_copy(update={"homelab": facts.homelab.model_copy(update=homelab)})


def with_free(facts: Facts, free_bytes: int) -> Facts:
    first, *rest = facts.storage.mounts
    mounts = (first.model_copy(update={"free_bytes": free_bytes}), *rest)
    return facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": mounts})})


def test_what_moves_by_itself_changes_nothing_within_a_day() -> None:
    stored = host()
    measured = with_free(changed(stored, audited_at=LATER, available_ram_mb=100), 612_829_466_624 - 2 * 1024**3)
    assert document.settle(measured, stored, DAY) is stored


@pytest.mark.parametrize(
    "measured",
    [
        changed(host(), audited_at=LATER, boot_id="another"),
        changed(host(), audited_at=LATER, total_ram_mb=63980),
        changed(host(), audited_at=LATER + timedelta(hours=23)),
        with_free(changed(host(), audited_at=LATER), 500_000_000_000),
    ],
    ids=["rebooted", "more memory", "a day old", "the disk has filled"],
)
def test_what_has_changed_or_aged_is_written_anew(measured: Facts) -> None:
    assert document.settle(measured, host(), DAY) is measured


def test_a_first_audit_has_nothing_to_keep() -> None:
    assert document.settle(host(), None, DAY) == host()


def test_one_file_system_of_each_disk_is_measured_and_never_more_than_a_twentieth_of_its_room() -> None:
    assert benchmark.targets(host(), "") == [
        {"path": "/", "folder": "/", "size_mib": 1024},
        {"path": "/srv/media library", "folder": "/srv/media library", "size_mib": 256},
    ]
    nearly_full = with_free(host(), 2000 * 1024**2)
    assert benchmark.targets(nearly_full, "/home/ann/.lab")[0] == {
        "path": "/",
        "folder": "/home/ann/.lab",
        "size_mib": 100,
    }


def test_a_full_or_read_only_file_system_is_left_alone() -> None:
    assert [target["path"] for target in benchmark.targets(host("vm-radeon-v1"), "")] == ["/"]
    assert [target["path"] for target in benchmark.targets(with_free(host(), 64 * 1024**2), "")] == [
        "/srv/media library"
    ]


def test_a_benchmark_is_read_with_its_conditions_and_outlives_audits_without_one() -> None:
    target = benchmark.targets(host(), "")[0]
    measured = benchmark.with_disks(host(), [(target, FIO)], 5, LATER)
    result = measured.storage.mounts[0].benchmark
    assert result is not None
    assert result.model_dump() == {
        "measured_at": LATER,
        "tool": "fio-3.33",
        "size_mib": 1024,
        "runtime_s": 5,
        "queue_depth": 32,
        "direct": True,
        "sequential_read_mb_s": 2344.4,
        "sequential_write_mb_s": 1204.5,
        "random_read_mb_s": 535.7,
        "random_write_mb_s": 0.0,
        "random_read_iops": 130784,
        "random_write_iops": 1,
        "fsync_p99_us": 212,
    }
    assert document.keep_benchmarks(host(), measured).storage == measured.storage


def test_benchmarks_of_another_machine_are_not_taken_over() -> None:
    target = benchmark.targets(host(), "")[0]
    measured = changed(benchmark.with_disks(host(), [(target, FIO)], 5, LATER), machine_id="another")
    assert document.keep_benchmarks(host(), measured).storage.mounts[0].benchmark is None


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("#section fio 127\n#end\n", "fio is not installed"),
        ("#section folder 1\n#end\n", "we may not write there"),
        (
            "#section folder 0\n#section fio-version 0\n|fio-3.33\n#section fio-buffered 1\n#end\n",
            "fio ends with status 1",
        ),
    ],
)
def test_a_disk_that_cannot_be_measured_is_a_warning(output: str, reason: str) -> None:
    measured = benchmark.with_disks(
        host("pi5-8g"), [({"path": "/", "folder": "/", "size_mib": 64}, output)], 5, LATER
    )
    assert measured.storage == host("pi5-8g").storage
    assert [warning.message for warning in measured.warnings] == [f"/: {reason}"]


def test_the_way_to_a_peer_is_read_from_ping_iperf3_and_tailscale() -> None:
    (peer,) = network.with_peers(host(), [("nas", "192.0.2.7", PING)], LATER).network.peers
    assert (peer.latency_min_ms, peer.latency_avg_ms, peer.latency_max_ms) == (0.032, 0.058, 0.122)
    assert (peer.loss_percent, peer.bandwidth_mbit_s, peer.mtu, peer.path) == (20.0, 941.2, 1280, "direct")


def test_busyboxs_ping_and_a_relayed_way_are_read_too() -> None:
    (peer,) = network.with_peers(host(), [("nas", "192.0.2.7", BUSYBOX)], LATER).network.peers
    assert (peer.latency_max_ms, peer.loss_percent, peer.bandwidth_mbit_s, peer.path) == (
        1.004,
        0.0,
        None,
        "relayed",
    )


def test_a_peer_that_ping_cannot_ask_is_unreachable_and_said_so() -> None:
    measured = network.with_peers(host(), [("nas", "192.0.2.7", "#section ping 127\n#end\n")], LATER)
    assert measured.network.peers[0].loss_percent == 100
    assert measured.warnings[-1].message == "nas at 192.0.2.7: ping is not installed"
