"""What the platform has written is its own: it never shrinks what the platform may write."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab import profile
from homelab.audit.document import settle
from homelab.audit.held import folders, with_held
from homelab.audit.sections import Raw, Section
from homelab.bars import disk as disk_bar
from homelab.budget import plan
from homelab.budget.model import Budget, Disk
from homelab.errors import BudgetExceeded
from homelab.explain import everything
from homelab.facts import Facts
from homelab.lab import load
from homelab.plan_json import document
from homelab.planner import plan_host
from unit.hosts import GIB, facts
from unit.recorded import LAB
from unit.test_facts_settle import DAY, LATER, changed, host

STORES = ("postgres", "nats", "garage")


def holding(machine: Facts, **held: int) -> Facts:
    """`machine`, of whose free space so much has been written: bytes by the fact that counts them."""
    (mount,) = machine.storage.mounts
    after = mount.model_copy(update={**held, "free_bytes": mount.free_bytes - sum(held.values())})
    return machine.model_copy(update={"storage": machine.storage.model_copy(update={"mounts": (after,)})})


def budget(machine: Facts, placed: tuple[str, ...] = STORES) -> Budget:
    return plan(machine, placed, profile.load("default", ram_mib=1), "desktop")


def shares(disk: Disk) -> dict[str, int]:
    return {name: figure.value for name, figure in disk.shares.items()}


def weighed(*lines: str, machine: Facts | None = None) -> tuple[Raw, Facts]:
    """Facts after the collector has said `lines`."""
    machine = facts(32000, disk_gib=100, free_gib=60) if machine is None else machine
    raw = Raw("desktop", {"held": Section(0, "\n".join(lines))})
    return raw, machine.model_copy(update={"storage": with_held(raw, machine.storage)})


def test_documents_that_were_ingested_leave_the_shares_as_they_were() -> None:
    # Of 600 GiB that others leave, 100 stay free and images take 30: 470 are shared 70 : 20 : 10.
    fresh = facts(32000, disk_gib=1000, free_gib=600)
    expected = {"images": 30, "garage": 329, "nats": 94, "postgres": 47}
    assert shares(budget(fresh).disk) == expected
    later = budget(holding(fresh, platform_bytes=301 * GIB // 2))
    assert shares(later.disk) == expected
    assert [(step.source, step.value, step.because) for step in later.disk.usable.chain[-2:]] == [
        (
            "storage_performance.mounts[/].free_bytes",
            "449 GiB",
            "what others keep on this disk cannot be planned",
        ),
        (
            "storage_performance.mounts[/].platform_bytes",
            "600 GiB",
            "the platform's own 150.5 GiB there count as free",
        ),
    ]


def test_images_that_the_node_has_count_up_to_what_is_planned_for_them() -> None:
    fresh = facts(32000, disk_gib=1000, free_gib=600)
    assert budget(holding(fresh, image_bytes=30 * GIB)).disk.usable.value == 600
    strangers = budget(holding(fresh, image_bytes=50 * GIB)).disk.usable
    assert strangers.value == 580
    assert strangers.chain[-1].because == (
        "the platform's own 50.0 GiB there count as free, of which 30 GiB at most are planned"
    )


def test_models_count_up_to_the_largest_files_of_what_is_served() -> None:
    # The best file of glm-4.7-flash takes 30 GiB.
    machine = facts(60_000, unified=True, disk_gib=300)
    assert budget(holding(machine, model_bytes=30 * GIB), ("llama-server",)).disk.usable.value == 300
    assert budget(holding(machine, model_bytes=100 * GIB), ("llama-server",)).disk.usable.value == 230
    assert budget(holding(machine, model_bytes=100 * GIB), ("garage",)).disk.usable.value == 200


def test_the_picture_shows_no_byte_of_the_platforms_own_as_others() -> None:
    machine = holding(facts(32000, disk_gib=1000, free_gib=600), platform_bytes=150 * GIB)
    parts = {part.name: part.amount for part in disk_bar(plan_host(LAB, "desktop", machine)).parts}
    assert parts["others"] == 400


@given(
    disk=st.integers(40, 4000),
    used=st.integers(0, 2000),
    platform=st.integers(0, 2**42),
    images=st.integers(0, 30 * GIB),
    placed=st.sampled_from([STORES, ("postgres", "nats", "garage", "openobserve"), ("garage",), ("ollama",)]),
)
def test_what_moves_from_free_to_the_platforms_own_changes_no_plan(
    disk: int, used: int, platform: int, images: int, placed: tuple[str, ...]
) -> None:
    fresh = facts(32000, disk_gib=disk, free_gib=max(40, disk - used))
    free = fresh.storage.mounts[0].free_bytes
    platform = min(platform, free)
    later = holding(fresh, platform_bytes=platform, image_bytes=min(images, free - platform))
    assert told(later, placed) == told(fresh, placed)


def told(machine: Facts, placed: tuple[str, ...]) -> object:
    """Its plan as JSON, or its refusal."""
    place = LAB.hosts["desktop"].model_copy(update={"place": placed})
    lab = LAB.model_copy(update={"hosts": {"desktop": place}})
    try:
        return document([plan_host(lab, "desktop", machine)])
    except BudgetExceeded as refusal:
        return refusal.as_json()


def test_every_setting_of_a_disk_that_holds_data_leads_back_to_it() -> None:
    machine = holding(facts(32000, disk_gib=1000), platform_bytes=GIB)
    sources = {step.source for one in everything(plan_host(LAB, "desktop", machine)) for step in one.figure.chain}
    assert "storage_performance.mounts[/].platform_bytes" in sources


def test_what_du_found_is_told_by_the_mount_that_holds_it() -> None:
    # The root file system of the recorded desktop has 612.8 GB free, and a disk of films beside it.
    raw, found = weighed(
        "platform 0 1024 /home/ann/my lab/.lab",
        "platform 1 512 /var/lib/rancher/k3s/storage/pvc-1_ai-infrastructure_data",
        "image 0 2048 /var/lib/rancher/k3s/agent/containerd",
        "model 0 4096 /srv/media library/models",
        machine=host(),
    )
    held = {m.path: (m.platform_bytes, m.image_bytes, m.model_bytes) for m in found.storage.mounts}
    assert held == {"/": (1536 * 1024, 2048 * 1024, 0), "/srv/media library": (0, 0, 4096 * 1024)}
    assert raw.warnings == []


def test_a_folder_inside_another_is_counted_once() -> None:
    _, found = weighed("platform 0 10 /srv/lab/data", "platform 0 100 /srv/lab", "platform 0 7 /srv/lab-2")
    assert found.storage.mounts[0].platform_bytes == 107 * 1024


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (124, "du took too long"),
        (126, "we may not look inside; become: true in lab.yaml lets the audit"),
    ],
)
def test_what_cannot_be_weighed_counts_as_others_use_and_is_a_warning(status: int, why: str) -> None:
    raw, found = weighed(f"platform {status} 9 /srv/lab")
    assert found.storage.mounts[0].held_bytes == 0
    (warning,) = raw.warnings
    assert (warning.probe, warning.message, warning.default) == (
        "held",
        f"/srv/lab: {why}; it counts as others' use",
        0,
    )


def test_a_file_system_that_compresses_holds_no_more_than_is_in_use() -> None:
    kib = 1024**2  # of a GiB
    _, found = weighed(f"image 0 {30 * kib} /i", f"platform 0 {25 * kib} /p", f"model 0 {9 * kib} /m")
    (mount,) = found.storage.mounts  # 40 GiB are in use
    assert (mount.platform_bytes, mount.model_bytes, mount.image_bytes) == (25 * GIB, 9 * GIB, 6 * GIB)


def test_a_second_audit_after_an_ingest_keeps_the_facts_and_one_after_a_film_does_not() -> None:
    stored = facts(32000, disk_gib=1000, free_gib=600)
    ingested = changed(holding(stored, platform_bytes=150 * GIB), audited_at=LATER)
    first = changed(stored, audited_at=LATER)
    assert settle(ingested, first, DAY) is first
    filled = changed(facts(32000, disk_gib=1000, free_gib=450), audited_at=LATER)
    assert settle(filled, first, DAY) is filled


def test_only_what_lab_yaml_puts_on_a_host_is_weighed_there(tmp_path: Path) -> None:
    text = (
        "version: 1\nhosts:\n"
        "  desktop: {address: local, place: [postgres]}\n"
        "  pi: {address: pi.lan, place: [ollama]}\n"
        "  nas: {address: nas.lan, place: [garage]}\n"
        "cluster: {context: k3s, nodes: {desktop: a, pi: b}}\n"
    )
    (tmp_path / "lab.yaml").write_text(text)
    lab = load(tmp_path / "lab.yaml")
    node = [
        *("platform", "/var/lib/rancher/k3s/storage/*_ai-infrastructure_*"),
        *("image", "/var/lib/rancher/k3s/agent/containerd"),
    ]
    assert folders(lab, "desktop") == ["platform", f"{tmp_path}/.lab", *node]
    assert folders(lab, "pi") == [
        *node,
        *("model", "/usr/share/ollama/.ollama/models"),
        *("model", "/var/lib/ollama/models"),
        *("model", "/root/.ollama/models"),
    ]
    assert folders(lab, "nas") == []
    (tmp_path / "lab.yaml").write_text(text.replace("context: k3s,", "context: k3s, volumes: /srv/pv,"))
    assert folders(load(tmp_path / "lab.yaml"), "nas") == []
    assert folders(load(tmp_path / "lab.yaml"), "desktop")[2:4] == ["platform", "/srv/pv"]
