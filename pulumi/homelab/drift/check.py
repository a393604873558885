"""Whether the host still holds everything under a changed profile: planned anew, beside the repository's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from homelab import budget, profile
from homelab.budget import Budget
from homelab.facts import Facts


def replanned(facts: Facts, placed: Sequence[str], name: str, texts: Mapping[str, str], data_path: str) -> Budget:
    """The budget under profile `name` where the files `texts` (by name, without suffix) replace the repository's.

    Raises BudgetExceeded when the host cannot hold it so.
    """
    with TemporaryDirectory(prefix="homelab-profiles-") as scratch:
        folder = Path(scratch)
        for stem in profile.names():
            text = texts.get(stem) or (profile.PROFILES / f"{stem}.yaml").read_text("utf-8")
            (folder / f"{stem}.yaml").write_text(text, "utf-8")
        ram, flags = facts.homelab.total_ram_mb, facts.cpu.flags
        rules = profile.load(name, ram_mib=ram, flags=flags, folder=folder)
        return budget.plan(facts, placed, rules, facts.host, data_path)
