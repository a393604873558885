"""What each part may keep on the disk that holds the platform's data, in GiB."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace

from homelab.budget.model import Disk
from homelab.errors import BudgetExceeded
from homelab.facts import Facts, StorageClass
from homelab.figure import Figure, given
from homelab.profile import Profile
from homelab.units import GIB

UNMEASURED_GIB = 16
"""GiB assumed where no mount was measured: the smallest card that people still boot a Pi from."""

ENOUGH_GIB = 4096
"""GiB more, at which any placement has its least of every share."""

LEAST_GIB = 1
"""GiB. Below this a store cannot hold its own write-ahead log and one compaction."""


def share_out(facts: Facts, placed: Sequence[str], profile: Profile, data_path: str) -> Disk:
    """Raises BudgetExceeded when the disk is too small for one GiB of every store placed on it."""
    total, usable, storage_class = _measured(facts, data_path)
    shares = _shares(total.value, usable, storage_class, placed, profile)
    if _short(shares):
        raise _refusal(facts.host, total, usable, storage_class, placed, profile)
    mount = facts.storage.mount_of(data_path)
    return Disk(storage_class, total, shares, None if mount is None else mount.path)


def _shares(
    total: int, usable: Figure, storage_class: StorageClass, placed: Sequence[str], profile: Profile
) -> dict[str, Figure]:
    """Of a disk of `total` GiB, of which others leave `usable`."""
    rules = profile.rules.storage
    fixed = _fixed(usable, placed, profile)
    taken = _kept_free(total, profile) + sum(figure.value for figure in fixed.values())
    remainder = max(0, usable.value - taken)
    shares = dict(fixed)
    # A disk for bulk alone. Where the databases have no other, they get their shares of it all the same.
    hdd = storage_class == "hdd" and not {"nats", "postgres"} & set(placed)
    table = "hdd_shares_percent" if hdd else "shares_percent"
    for name, percent in (rules.hdd_shares_percent if hdd else rules.shares_percent).items():
        if name in placed or name == "backups":
            source = profile.source(f"storage.{table}.{name}")
            because = f"{percent} % of the {remainder} GiB that images, fixed volumes and free space leave"
            shares[name] = usable.then("profile", source, remainder * percent // 100, because)
    return shares


def _kept_free(total: int, profile: Profile) -> int:
    """GiB, rounded up: no GiB of it is ever planned."""
    return -(-total * profile.rules.storage.free_percent // 100)


def _measured(facts: Facts, data_path: str) -> tuple[Figure, Figure, StorageClass]:
    """The size of the disk below `data_path`, what may be planned of it, and its class."""
    mount = facts.storage.mount_of(data_path)
    if mount is None:
        because = "no mount was measured; ./lab ansible-hardware-audit measures them"
        nothing = given("fact", "storage_performance.mounts", 0, "GiB", because)
        smallest = "the smallest card that people still boot a Pi from"
        total = nothing.then("rule", "unmeasured disk", UNMEASURED_GIB, smallest)
        return total, total, "sd"
    source = f"storage_performance.mounts[{mount.path}]"
    total = given("fact", f"{source}.size_bytes", mount.size_bytes // GIB, "GiB", f"holds {data_path}")
    because = "what others keep on this disk cannot be planned"
    usable = total.then("fact", f"{source}.free_bytes", mount.free_bytes // GIB, because)
    return total, usable, mount.storage_class


def _fixed(usable: Figure, placed: Sequence[str], profile: Profile) -> dict[str, Figure]:
    rules = profile.rules.storage
    wanted = {name: gib for name, gib in rules.fixed_gib.items() if name == "images" or name in placed}
    most = usable.value * rules.fixed_percent_max // 100
    asked = sum(wanted.values())
    figures = {}
    for name, gib in wanted.items():
        figure = profile.given(f"storage.fixed_gib.{name}", gib, "GiB", "what it needs before anything is shared")
        if asked > most:
            because = f"on this disk fixed volumes take {rules.fixed_percent_max} %, {most} GiB, together"
            source = profile.source("storage.fixed_percent_max")
            figure = figure.then("clamp", source, gib * most // asked, because)
        figures[name] = figure
    return figures


def _short(shares: Mapping[str, Figure]) -> bool:
    return any(name != "images" and figure.value < LEAST_GIB for name, figure in shares.items())


def _refusal(
    host: str,
    total: Figure,
    usable: Figure,
    storage_class: StorageClass,
    placed: Sequence[str],
    profile: Profile,
) -> BudgetExceeded:
    """The account of the smallest disk that would do, beside the one that there is."""

    def grown(more: int) -> dict[str, Figure]:
        room = replace(usable, value=usable.value + more)
        return _shares(total.value + more, room, storage_class, placed, profile)

    more = bisect_left(range(ENOUGH_GIB), True, key=lambda more: not _short(grown(more)))
    enough, shares = total.value + more, grown(more)
    uses = {"others": total.value - usable.value, "kept free": _kept_free(enough, profile)}
    uses |= {name: figure.value for name, figure in shares.items()}
    uses["in no share"] = enough - sum(uses.values())
    lines = tuple((name, gib * 1024) for name, gib in uses.items() if gib)
    return BudgetExceeded(host, "disk", total.value * 1024, enough * 1024, lines)
