"""Facts that are whole, yet not of this host or of this day; and what a document tells once it is read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from homelab.errors import InvalidInput, StaleFacts
from homelab.facts import Facts, check, load

HOSTS = Path(__file__).parents[1] / "fixtures/hosts"
AUDITED = datetime(2026, 11, 21, 8, tzinfo=UTC)
FIX = "./lab ansible-hardware-audit --limit"


def pi5() -> Facts:
    return load(HOSTS / "pi5-8g.json")


@pytest.mark.parametrize("path", sorted(HOSTS.glob("*.json")), ids=lambda path: path.stem)
def test_every_recorded_host_is_read(path: Path) -> None:
    assert load(path).host == path.stem


def test_a_host_without_facts_is_refused_with_the_command_that_measures_it(tmp_path: Path) -> None:
    with pytest.raises(StaleFacts) as refusal:
        load(tmp_path / "nas.json")
    rule = "a host is measured before anything is planned for it"
    assert str(refusal.value) == f"facts/nas.json · there is no such file · {rule} · {FIX} nas"


def test_a_folder_in_the_place_of_facts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nas.json").mkdir()
    with pytest.raises(InvalidInput, match=r"facts/nas\.json · is a directory · facts are a readable UTF-8 file"):
        load(tmp_path / "nas.json")


def test_facts_of_this_machine_within_their_age_are_taken() -> None:
    machine = "7b2e8f7a9d4c4b2f9e5a3c9d00000003"
    check(pi5(), host="pi5-8g", machine_id=machine, max_age_days=30, now=AUDITED + timedelta(days=30))


def test_a_host_whose_machine_id_nobody_can_see_from_here_is_taken_at_its_word() -> None:
    check(pi5(), host="pi5-8g", machine_id=None, max_age_days=1, now=AUDITED)


def test_facts_of_another_machine_and_too_old_are_refused_for_both() -> None:
    now = AUDITED + timedelta(days=30, seconds=1)
    with pytest.raises(StaleFacts) as refusal:
        check(pi5(), host="nas", machine_id="8c3f9a8b0e5d4c3a8f6b4d0e00000004", max_age_days=30, now=now)
    assert str(refusal.value).splitlines() == [
        f"facts/nas.json · facts of 'pi5-8g' · they must be of 'nas' · {FIX} nas",
        "facts/nas.json · facts of machine 7b2e8f7a9d4c4b2f9e5a3c9d00000003"
        f" · this machine is 8c3f9a8b0e5d4c3a8f6b4d0e00000004 · {FIX} nas",
        "facts/nas.json · measured 2026-11-21, 30 days ago"
        f" · facts_max_age_days in lab.yaml allows 30 · {FIX} nas",
    ]


def test_facts_from_the_future_point_at_the_clock() -> None:
    with pytest.raises(
        StaleFacts, match="measured 2026-11-21, which is in the future · check this machine's clock"
    ):
        check(pi5(), host="pi5-8g", machine_id=None, max_age_days=30, now=AUDITED - timedelta(hours=1))


@pytest.mark.parametrize(
    ("path", "mount"),
    [
        ("/", "/"),
        ("/home/ann/.lab", "/"),
        ("/srv/media library", "/srv/media library"),
        ("/srv/media library/films/2026", "/srv/media library"),
        ("/srv/media library too", "/"),
    ],
)
def test_a_path_belongs_to_the_innermost_mount_that_holds_it(path: str, mount: str) -> None:
    held = load(HOSTS / "desktop-32g.json").storage.mount_of(path)
    assert held is not None
    assert held.path == mount


def test_facts_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        pi5().homelab.total_ram_mb = 1  # type: ignore[misc]
