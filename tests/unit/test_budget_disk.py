"""The ledger of the disk, by hand: GiB of every use, and the smallest disk that would have done."""

import pytest

from homelab import profile
from homelab.budget import Budget, plan
from homelab.errors import BudgetExceeded
from homelab.facts import Facts, Storage
from unit.hosts import facts

DEFAULT = profile.load("default", ram_mib=1)


def budget(machine: Facts, *placed: str) -> Budget:
    return plan(machine, placed, DEFAULT, "desktop")


def shares(ledger: Budget) -> dict[str, int]:
    return {use: figure.value for use, figure in ledger.disk.shares.items()}


def told(ledger: Budget, use: str) -> list[tuple[str, str, str]]:
    """The last two steps behind a share: kind, value and reason."""
    return [(step.kind, step.value, step.because) for step in ledger.disk.shares[use].chain[-2:]]


@pytest.mark.parametrize(
    ("storage", "placed", "expected"),
    [
        # 1000 - 100 free - 30 of images = 870.
        ("ssd", ("garage",), {"images": 30, "garage": 609}),
        ("emmc", ("garage",), {"images": 30, "garage": 609}),
        ("hdd", ("garage",), {"images": 30, "garage": 435, "backups": 435}),
        # Where the databases have no other disk they get their shares of this one.
        ("hdd", ("garage", "nats"), {"images": 30, "garage": 609, "nats": 174}),
        ("hdd", ("garage", "postgres"), {"images": 30, "garage": 609, "postgres": 87}),
    ],
    ids=["ssd", "emmc", "bulk", "nats", "postgres"],
)
def test_a_hard_disk_is_for_bulk_unless_the_databases_have_no_other(
    storage: str, placed: tuple[str, ...], expected: dict[str, int]
) -> None:
    ledger = budget(facts(32_000, disk_gib=1000, storage=storage), *placed)
    assert shares(ledger) == expected
    assert (ledger.disk.storage_class, ledger.disk.mount) == (storage, "/")


def test_fixed_volumes_have_what_they_need_where_it_is_three_tenths_of_the_disk() -> None:
    ledger = budget(facts(32_000, disk_gib=100), "garage")
    assert shares(ledger) == {"images": 30, "garage": 42}
    assert told(ledger, "images") == [("profile", "30 GiB", "what it needs before anything is shared")]


def test_fixed_volumes_shrink_together_on_a_small_disk() -> None:
    # 70 GiB are asked of 30: each gets three sevenths, rounded down; 100 - 10 - 28 = 62 are shared.
    ledger = budget(facts(32_000, disk_gib=100), "oxigraph", "openobserve", "garage")
    assert shares(ledger) == {"images": 12, "oxigraph": 8, "openobserve": 8, "garage": 43}
    assert told(ledger, "oxigraph") == [
        ("profile", "20 GiB", "what it needs before anything is shared"),
        ("clamp", "8 GiB", "on this disk fixed volumes take 30 %, 30 GiB, together"),
    ]
    assert told(ledger, "garage")[-1] == (
        "profile",
        "43 GiB",
        "70 % of the 62 GiB that images, fixed volumes and free space leave",
    )


def test_three_tenths_of_a_disk_are_rounded_down() -> None:
    # 30 % of 33 GiB are 9.9.
    assert shares(budget(facts(32_000, disk_gib=33), "garage"))["images"] == 9


def test_the_reason_names_the_models_files_where_there_are_any() -> None:
    # 400 - 40 - 30 - 30 of glm-4.7-flash = 300.
    ledger = budget(facts(60_000, unified=True, disk_gib=400), "llama-server", "garage")
    assert told(ledger, "garage")[-1][2] == (
        "70 % of the 300 GiB that images, fixed volumes, models' files and free space leave"
    )


def refusal(machine: Facts, *placed: str) -> BudgetExceeded:
    with pytest.raises(BudgetExceeded) as refused:
        budget(machine, *placed)
    return refused.value


def test_a_store_with_a_gib_of_the_smallest_disk_that_does_is_planned_and_one_less_is_refused() -> None:
    # 8 - 1 - 2 of images = 5, of which NATS has a fifth; of 7 it would have a fifth of 4.
    assert shares(budget(facts(32_000, disk_gib=8), "nats")) == {"images": 2, "nats": 1}
    refused = refusal(facts(32_000, disk_gib=7), "nats")
    assert (refused.resource, refused.total_mib, refused.wanted_mib) == ("disk", 7 * 1024, 8 * 1024)
    assert refused.lines == (("kept free", 1024), ("images", 2048), ("nats", 1024), ("in no share", 4096))


def test_an_object_store_has_a_gib_or_is_refused() -> None:
    # 3 - 1 leaves 2, of which Garage has 1.4; of 2 it would have 0.7. Images are nothing of so little.
    assert shares(budget(facts(32_000, disk_gib=3), "garage")) == {"images": 0, "garage": 1}
    assert refusal(facts(32_000, disk_gib=2), "garage").wanted_mib == 3 * 1024


def test_what_others_keep_is_a_line_of_the_refusal() -> None:
    # Of 116 GiB 93 would be others', 12 stay free, and of 23 usable ones 6 are images: a fifth of 5 is one.
    refused = refusal(facts(32_000, disk_gib=100, free_gib=7), "nats")
    assert (refused.total_mib, refused.wanted_mib) == (100 * 1024, 116 * 1024)
    assert {use: mib // 1024 for use, mib in refused.lines} == {
        "others": 93,
        "kept free": 12,
        "images": 6,
        "nats": 1,
        "in no share": 4,
    }


def test_a_fixed_volume_has_a_gib_or_is_refused() -> None:
    assert shares(budget(facts(32_000, disk_gib=10), "oxigraph")) == {"images": 1, "oxigraph": 1}
    assert refusal(facts(32_000, disk_gib=9), "oxigraph").wanted_mib == 10 * 1024


def test_a_service_that_keeps_nothing_is_refused_on_no_disk() -> None:
    ledger = budget(facts(32_000, disk_gib=1, free_gib=0), "api")
    assert shares(ledger) == {"images": 0}


def test_an_unmeasured_disk_is_planned_as_the_smallest_card() -> None:
    machine = facts(32_000).model_copy(update={"storage": Storage(devices=(), mounts=())})
    disk = budget(machine, "nats").disk
    assert (disk.storage_class, disk.mount, disk.total.value, disk.usable.value) == ("sd", None, 16, 16)
    assert [(step.kind, step.value) for step in disk.total.chain] == [("fact", "0 GiB"), ("rule", "16 GiB")]
    # 16 - 2 - 4 of images = 10.
    assert {use: share.value for use, share in disk.shares.items()} == {"images": 4, "nats": 2}
