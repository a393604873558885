"""What each part may keep on the disk that holds the platform's data, in GiB."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace

from homelab.budget.model import Disk
from homelab.errors import BudgetExceeded
from homelab.facts import Facts, Mount, StorageClass
from homelab.figure import Figure, given
from homelab.profile import Profile
from homelab.units import GIB

UNMEASURED_GIB = 16
"""GiB assumed where no mount was measured: the smallest card that people still boot a Pi from."""

ENOUGH_GIB = 4096
"""GiB more, at which any placement has its least of every share."""

LEAST_GIB = 1
"""GiB. Below this a store cannot hold its own write-ahead log and one compaction."""

Shares = dict[str, Figure]
Files = Mapping[str, Figure]
"""Server of models → GiB of the files that it serves."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """The stores `placed` and the models' files on the disk of `total`, of which others leave `usable`.

    Files of models are there whole or not at all, so they come off before anything is shared.
    """

    host: str
    total: Figure
    usable: Figure
    storage_class: StorageClass
    mount: str | None
    placed: tuple[str, ...]
    profile: Profile

    def share_out(self, files: Files) -> Disk:
        """Raises BudgetExceeded when the disk is too small for `files` and one GiB of every store."""
        shares = self._shares(files)
        if shares is None:
            raise self._refusal(files)
        return Disk(self.storage_class, self.total, self.usable, shares, self.mount)

    def room(self, least: Files) -> Figure:
        """GiB that files of models may take together, so that every store has its least beside them.

        Raises BudgetExceeded when that is less than `least`.
        """
        if self._shares(least) is None:
            raise self._refusal(least)
        wanted = sum(figure.value for figure in least.values())

        def too_much(gib: int) -> bool:
            return self._shares({"models": replace(self.usable, value=gib)}) is None

        most = wanted
        if least:
            most += bisect_left(range(wanted + 1, self.usable.value), True, key=too_much)
        because = "what free space, images, fixed volumes and the least of every store leave"
        return self.usable.then("rule", "room for models", most, because)

    def _shares(self, files: Files) -> Shares | None:
        """None where something would have less than it needs."""
        rules = self.profile.rules.storage
        fixed = self._fixed()
        whole = sum(figure.value for figure in files.values())
        left = self.usable.value - self._kept_free() - whole - sum(figure.value for figure in fixed.values())
        if files and left < 0:
            return None
        remainder = max(0, left)
        shares = {**fixed, **files}
        before = "images, fixed volumes, models' files" if files else "images, fixed volumes"
        # A disk for bulk alone. Where the databases have no other, they get their shares of it all the same.
        hdd = self.storage_class == "hdd" and not {"nats", "postgres"} & set(self.placed)
        table = "hdd_shares_percent" if hdd else "shares_percent"
        for name, percent in (rules.hdd_shares_percent if hdd else rules.shares_percent).items():
            if name in self.placed or name == "backups":
                source = self.profile.source(f"storage.{table}.{name}")
                because = f"{percent} % of the {remainder} GiB that {before} and free space leave"
                shares[name] = self.usable.then("profile", source, remainder * percent // 100, because)
        short = any(name != "images" and figure.value < LEAST_GIB for name, figure in shares.items())
        return None if short else shares

    def _kept_free(self) -> int:
        """GiB, rounded up: no GiB of it is ever planned."""
        return -(-self.total.value * self.profile.rules.storage.free_percent // 100)

    def _fixed(self) -> Shares:
        rules = self.profile.rules.storage
        wanted = {name: gib for name, gib in rules.fixed_gib.items() if name in ("images", *self.placed)}
        most = self.usable.value * rules.fixed_percent_max // 100
        asked = sum(wanted.values())
        figures = {}
        for name, gib in wanted.items():
            key = f"storage.fixed_gib.{name}"
            figure = self.profile.given(key, gib, "GiB", "what it needs before anything is shared")
            if asked > most:
                because = f"on this disk fixed volumes take {rules.fixed_percent_max} %, {most} GiB, together"
                source = self.profile.source("storage.fixed_percent_max")
                figure = figure.then("clamp", source, gib * most // asked, because)
            figures[name] = figure
        return figures

    def _refusal(self, files: Files) -> BudgetExceeded:
        """The account of the smallest disk that would do, beside the one that there is."""

        def grown(more: int) -> "Volumes":
            total = replace(self.total, value=self.total.value + more)
            return replace(self, total=total, usable=replace(self.usable, value=self.usable.value + more))

        more = bisect_left(range(ENOUGH_GIB), True, key=lambda more: grown(more)._shares(files) is not None)
        enough = grown(more)
        uses = {"others": self.total.value - self.usable.value, "kept free": enough._kept_free()}
        uses |= {name: figure.value for name, figure in (enough._shares(files) or {}).items()}
        uses["in no share"] = enough.total.value - sum(uses.values())
        lines = tuple((name, gib * 1024) for name, gib in uses.items() if gib)
        total, wanted = self.total.value * 1024, enough.total.value * 1024
        return BudgetExceeded(self.host, "disk", total, wanted, lines)


def volumes(facts: Facts, placed: tuple[str, ...], profile: Profile, data_path: str, models_gib: int) -> Volumes:
    """Of the disk below `data_path`; `models_gib` are the largest files of what is served."""
    mount = facts.storage.mount_of(data_path)
    if mount is None:
        because = "no mount was measured; ./lab ansible-hardware-audit measures them"
        nothing = given("fact", "storage_performance.mounts", 0, "GiB", because)
        smallest = "the smallest card that people still boot a Pi from"
        total = nothing.then("rule", "unmeasured disk", UNMEASURED_GIB, smallest)
        return Volumes(facts.host, total, total, "sd", None, placed, profile)
    source = f"storage_performance.mounts[{mount.path}]"
    total = given("fact", f"{source}.size_bytes", mount.size_bytes // GIB, "GiB", f"holds {data_path}")
    usable = _usable(total, source, mount, profile.rules.storage.fixed_gib["images"], models_gib)
    return Volumes(facts.host, total, usable, mount.storage_class, mount.path, placed, profile)


def _usable(total: Figure, source: str, mount: Mount, images_gib: int, models_gib: int) -> Figure:
    """What is free, and what the platform holds already: its own data must never shrink its shares.

    Images and models that it never asked for may lie beside its own, so no more of them counts than it may use.
    """
    room = mount.free_bytes
    because = "what others keep on this disk cannot be planned"
    usable = total.then("fact", f"{source}.free_bytes", room // GIB, because)
    for key, held, most in (
        ("platform_bytes", mount.platform_bytes, None),
        ("image_bytes", mount.image_bytes, images_gib),
        ("model_bytes", mount.model_bytes, models_gib),
    ):
        if not held:
            continue
        own = held if most is None else min(held, most * GIB)
        room += own
        at_most = "" if own == held else f", of which {most} GiB at most are planned"
        because = f"the platform's own {held / GIB:.1f} GiB there count as free{at_most}"
        usable = usable.then("fact", f"{source}.{key}", room // GIB, because)
    return usable
