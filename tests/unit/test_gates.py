"""Every gate at its edge and on recorded machines; the numbers were worked out on paper."""

from dataclasses import replace
from typing import Any

import pytest

from homelab import budget, gates, profile
from homelab.budget import Budget, Disk
from homelab.facts import Benchmark, Facts, Network, Peer
from homelab.figure import Figure
from homelab.gates import Gate, cgroup, cpu, disk, link, pages
from unit.hosts import facts as made_up
from unit.recorded import plan

STORES = ("postgres", "nats", "embedder", "extract")


def ledger(facts: Facts, placed: tuple[str, ...] = STORES) -> Budget:
    rules = profile.load("default", ram_mib=facts.homelab.total_ram_mb, flags=facts.cpu.flags)
    return budget.plan(facts, placed, rules, facts.host)


def measured(storage: str, fsync_p99_us: int | None) -> Facts:
    """A machine of 32000 MiB whose one disk was benchmarked, or was not."""
    facts = made_up(32000, storage=storage)
    if fsync_p99_us is None:
        return facts
    benchmark = Benchmark(
        measured_at=facts.homelab.audited_at,
        tool="fio-3.33",
        size_mib=256,
        runtime_s=10,
        queue_depth=32,
        direct=True,
        sequential_read_mb_s=500.0,
        sequential_write_mb_s=400.0,
        random_read_mb_s=100.0,
        random_write_mb_s=80.0,
        random_read_iops=25000,
        random_write_iops=20000,
        fsync_p99_us=fsync_p99_us,
    )
    return with_mount(facts, benchmark=benchmark)


def with_mount(facts: Facts, **keys: Any) -> Facts:
    [mount] = facts.storage.mounts
    mounts = (mount.model_copy(update=keys),)
    return facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": mounts})})


def with_homelab(facts: Facts, **keys: Any) -> Facts:
    return facts.model_copy(update={"homelab": facts.homelab.model_copy(update=keys)})


def peer(**keys: Any) -> Facts:
    """A machine with one peer on the same switch, but for `keys`."""
    facts = made_up(32000)
    way = Peer(
        peer="nas",
        address="192.168.1.9",
        measured_at=facts.homelab.audited_at,
        loss_percent=0.0,
        latency_min_ms=0.2,
        latency_avg_ms=0.3,
        latency_max_ms=0.5,
        bandwidth_mbit_s=940.0,
        mtu=1500,
    )
    return facts.model_copy(update={"network": Network(peers=(way.model_copy(update=keys),))})


def said(found: tuple[Gate, ...] | list[Gate]) -> list[tuple[str, str, str]]:
    return [(gate.id, gate.severity, gate.evidence.value) for gate in found]


def judged(host: str, *placed: str) -> list[tuple[str, str, str]]:
    one = plan(host, placed)
    return said(gates.judge(one.facts, one.budget))


@pytest.mark.parametrize(
    ("storage", "us", "expected"),
    [
        ("nvme", 9_999, []),
        ("nvme", 10_000, [("disk.etcd", "warn", "10.0 ms on nvme")]),
        ("sd", 2_000, []),
        ("hdd", 23_400, [("disk.etcd", "warn", "23.4 ms on hdd")]),
        ("sd", None, [("disk.etcd", "warn", "sd, fsync unmeasured")]),
        ("emmc", None, [("disk.etcd", "warn", "emmc, fsync unmeasured")]),
        ("hdd", None, [("disk.etcd", "info", "hdd, fsync unmeasured")]),
        ("nvme", None, [("disk.etcd", "info", "nvme, fsync unmeasured")]),
    ],
)
def test_etcd_commits_within_10_ms_or_k3s_stays_on_sqlite(
    storage: str, us: int | None, expected: list[tuple[str, str, str]]
) -> None:
    facts = measured(storage, us)
    found = list(disk.etcd(facts, ledger(facts)))
    assert said(found) == expected
    assert all("sqlite" in gate.mend for gate in found)


def test_a_missing_benchmark_names_the_command_that_makes_it() -> None:
    facts = measured("ssd", None)
    [gate] = disk.etcd(facts, ledger(facts))
    assert gate.mend.endswith("./lab ansible-hardware-audit --limit desktop --storage-benchmark")
    assert gate.evidence.fact == "storage_performance.mounts[/].class"


@pytest.mark.parametrize(
    ("storage", "us", "expected"),
    [
        ("sd", 99_999, []),
        ("sd", 100_000, [("disk.jetstream", "warn", "100.0 ms on sd")]),
        ("sd", None, [("disk.jetstream", "warn", "sd, fsync unmeasured")]),
        ("hdd", None, [("disk.jetstream", "warn", "hdd, fsync unmeasured")]),
        ("emmc", None, []),
        ("ssd", None, []),
    ],
)
def test_jetstream_wants_a_disk_that_syncs_within_100_ms(
    storage: str, us: int | None, expected: list[tuple[str, str, str]]
) -> None:
    facts = measured(storage, us)
    assert said(list(disk.jetstream(facts, ledger(facts)))) == expected


def test_jetstream_is_judged_only_where_nats_is_placed() -> None:
    facts = measured("sd", None)
    assert list(disk.jetstream(facts, ledger(facts, ("postgres",)))) == []


def test_an_unmeasured_disk_is_the_smallest_card_and_says_how_to_measure() -> None:
    facts = made_up(32000)
    facts = facts.model_copy(update={"storage": facts.storage.model_copy(update={"mounts": ()})})
    found = gates.judge(facts, ledger(facts))
    assert said(found) == [("disk.measured", "warn", "none holds the data")]
    assert found[0].rule == "an unmeasured disk is planned as 16 GiB of sd"
    assert found[0].mend == "./lab ansible-hardware-audit --limit desktop"


def share(gib: int) -> Figure:
    return Figure(gib, "GiB", ())


@pytest.mark.parametrize(("free_gib", "expected"), [(50, []), (49, [("disk.free", "refuse", "49 GiB")])])
def test_what_the_plan_takes_must_be_free(free_gib: int, expected: list[tuple[str, str, str]]) -> None:
    facts = made_up(32000, disk_gib=100, free_gib=60)
    shares = {"images": share(30), "oxigraph": share(20)}
    planned = replace(ledger(facts, ("litellm",)), disk=Disk("nvme", share(100), share(free_gib), shares, "/"))
    assert said(list(disk.free(facts, planned))) == expected


def test_a_read_only_disk_takes_no_data() -> None:
    facts = with_mount(made_up(32000), read_only=True)
    [gate] = disk.free(facts, ledger(facts))
    assert (gate.severity, gate.evidence.fact) == ("refuse", "storage_performance.mounts[/].read_only")


def test_usual_pages_are_no_matter() -> None:
    facts = made_up(32000)
    assert list(pages.images(facts, ledger(facts))) == []


def test_on_16_kib_pages_the_images_that_fail_are_named_with_their_reports() -> None:
    facts = with_homelab(made_up(32000), page_size=16384, model="Raspberry Pi 5 Model B Rev 1.0")
    found = list(pages.images(facts, ledger(facts)))
    assert said(found) == [("pages.images", "info", "16384 bytes")] * 2
    assert [gate.source for gate in found] == [
        "github.com/immich-app/immich/issues/19038",
        "github.com/qdrant/qdrant/issues/2474",
    ]
    assert "kernel=kernel8.img" in found[0].mend
    assert list(pages.images(facts, ledger(facts, ("litellm",)))) == []


@pytest.mark.parametrize(("size", "severities"), [(65536, {"info"}), (131072, {"refuse"})])
def test_pages_above_what_our_own_builds_are_aligned_to_are_refused(size: int, severities: set[str]) -> None:
    facts = with_homelab(made_up(32000), page_size=size)
    assert {gate.severity for gate in pages.images(facts, ledger(facts))} == severities


def test_a_pi_without_the_memory_controller_is_told_the_line_of_cmdline_txt() -> None:
    facts = with_homelab(made_up(8000), memory_cgroup=False, model="Raspberry Pi 5 Model B Rev 1.0")
    [gate] = cgroup.memory(facts)
    assert (gate.id, gate.severity) == ("cgroup.memory", "warn")
    assert gate.rule == "no limit of this plan can be enforced, and k3s does not start"
    assert gate.mend.startswith("add cgroup_enable=memory cgroup_memory=1 to the one line of /boot/firmware")


def test_another_machine_without_it_is_told_of_its_kernel() -> None:
    [gate] = cgroup.memory(with_homelab(made_up(8000), memory_cgroup=False))
    assert "cmdline.txt" not in gate.mend
    assert list(cgroup.memory(made_up(8000))) == []


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({}, []),
        ({"bandwidth_mbit_s": 80.0}, []),
        ({"bandwidth_mbit_s": 79.9}, [("link.replica", "warn", "79.9 Mbit/s")]),
        ({"bandwidth_mbit_s": None}, [("link.replica", "info", "unmeasured")]),
        ({"latency_avg_ms": 100.0, "latency_max_ms": 120.0}, []),
        ({"latency_avg_ms": 100.1, "latency_max_ms": 120.0}, [("link.replica", "warn", "100.1 ms")]),
        ({"path": "relayed", "mtu": 1280}, [("link.replica", "warn", "relayed")]),
        ({"path": "direct", "mtu": 1280}, []),
        (
            {"loss_percent": 100.0, "latency_min_ms": None, "latency_avg_ms": None, "latency_max_ms": None},
            [("link.replica", "warn", "100 %")],
        ),
    ],
)
def test_a_replica_needs_a_direct_fast_link(keys: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    assert said(list(link.replica(peer(**keys)))) == expected


def test_an_unmeasured_link_names_the_command_that_measures_it() -> None:
    [gate] = link.replica(peer(bandwidth_mbit_s=None))
    assert gate.mend == "./lab ansible-hardware-audit --limit desktop --network-benchmark"


@pytest.mark.parametrize(
    ("path", "mtu", "expected"),
    [
        ("direct", 1280, []),
        ("direct", 1281, [("link.mtu", "warn", "1281 bytes on a tailnet")]),
        ("relayed", 1500, [("link.mtu", "warn", "1500 bytes on a tailnet")]),
        (None, 1500, []),
        ("direct", None, []),
    ],
)
def test_a_tailnet_carries_1280_bytes(
    path: str | None, mtu: int | None, expected: list[tuple[str, str, str]]
) -> None:
    found = list(link.mtu(peer(path=path, mtu=mtu)))
    assert said(found) == expected
    assert all("mtu 1280" in gate.mend for gate in found)


@pytest.mark.parametrize(
    ("architecture", "flags", "expected"),
    [
        ("x86_64", ("avx", "sse4_2"), []),
        ("x86_64", ("avx",), []),
        ("x86_64", ("sse4_2",), [("info", "no avx on made up")]),
        ("x86_64", ("ssse3",), [("refuse", "no sse4_2 on made up"), ("info", "no avx on made up")]),
        ("arm64", ("asimd",), []),
        ("arm64", ("fp",), [("refuse", "no asimd on made up")]),
        ("armv7l", ("neon",), [("refuse", "armv7l")]),
    ],
)
def test_the_processor_has_what_the_wheels_were_built_for(
    architecture: str, flags: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    facts = with_homelab(made_up(32000, flags=flags), architecture=architecture)
    found = [(gate.severity, gate.evidence.value) for gate in cpu.instructions(facts, ledger(facts))]
    assert found == expected
    assert list(cpu.instructions(facts, ledger(facts, ("postgres", "nats")))) == []


def test_the_mini_pc_without_avx_runs_the_embedder_on_sse() -> None:
    assert judged("mini-pc-8g", "embedder") == [
        ("disk.etcd", "info", "ssd, fsync unmeasured"),
        ("cpu.instructions", "info", "no avx on Intel(R) Celeron(R) J4125 CPU @ 2.00GHz"),
    ]


def test_the_pi_5_as_delivered_has_large_pages_and_no_limits() -> None:
    assert judged("pi5-8g", "postgres", "nats") == [
        ("cgroup.memory", "warn", "false"),
        ("disk.etcd", "info", "nvme, fsync unmeasured"),
        ("pages.images", "info", "16384 bytes"),
        ("pages.images", "info", "16384 bytes"),
    ]


def test_the_pi_4_on_its_card_holds_neither_etcd_nor_jetstream() -> None:
    assert judged("pi4-4g", "nats") == [
        ("disk.etcd", "warn", "sd, fsync unmeasured"),
        ("disk.jetstream", "warn", "sd, fsync unmeasured"),
    ]


def test_the_gravest_comes_first() -> None:
    facts = with_homelab(with_mount(made_up(32000, flags=()), storage_class="sd"), memory_cgroup=False)
    order = [gate.severity for gate in gates.judge(facts, ledger(facts))]
    assert order == ["refuse", "warn", "warn", "warn", "info"]


def test_every_gate_shows_its_number_its_source_and_a_mend() -> None:
    facts = with_homelab(with_mount(made_up(32000, flags=()), storage_class="sd"), memory_cgroup=False)
    for gate in gates.judge(facts, ledger(facts)):
        assert all((gate.host, gate.evidence.fact, gate.evidence.value, gate.rule, gate.source, gate.mend))
