"""What a refusal proposes: by hand for small labs, and that every proposal plans."""

import re
from collections.abc import Mapping

import pytest

from homelab.consumers import LOCAL
from homelab.errors import BudgetExceeded, WayOut
from homelab.facts import Facts
from homelab.imagined import Machine, changed
from homelab.lab import Host, Lab
from homelab.planner import Situation, plan
from homelab.units import GIB
from unit.hosts import facts
from unit.recorded import EVERYTHING, LAB

NAS = ("garage", "litellm", "promptfoo", "console", "context-forge", "openobserve", "collector", "oxigraph")
"""3136 MiB of floors; a host of 3700 MiB has 2886 beside its reserve and headroom, so 250 are missing."""


def lab(**placed: tuple[str, ...]) -> Lab:
    hosts = {name: Host(address=f"{name}.lan", place=consumers) for name, consumers in placed.items()}
    return LAB.model_copy(update={"hosts": hosts})


def refused(now: Situation) -> BudgetExceeded:
    with pytest.raises(BudgetExceeded) as refusal:
        plan(now)
    return refusal.value


def rows(ways: tuple[WayOut, ...]) -> list[tuple[str, int]]:
    return [(way.do, way.saves_mib) for way in ways]


def machines(**ram_mib: int) -> Mapping[str, Facts]:
    return {name: facts(mib, host=name) for name, mib in ram_mib.items()}


def test_moves_come_first_then_what_can_be_left_out_then_a_larger_machine() -> None:
    now = Situation(lab(nas=NAS, desktop=("postgres",)), machines(nas=3700, desktop=32000))
    assert rows(refused(now).ways_out) == [
        ("move context-forge to desktop", 512),
        ("move promptfoo to desktop", 512),
        ("move litellm to desktop", 768),
        ("leave out promptfoo", 512),
        ("leave out openobserve and collector", 704),
        ("leave out context-forge", 512),
        ("take a machine with 8 GiB of memory", 0),
    ]


def test_each_says_what_is_lost() -> None:
    now = Situation(lab(nas=NAS, desktop=("postgres",)), machines(nas=3700, desktop=32000))
    lost = {way.do: way.loses for way in refused(now).ways_out}
    assert lost["move litellm to desktop"] == ""
    assert lost["leave out promptfoo"] == "answers are not evaluated"


def test_a_consumer_goes_where_it_takes_least_from_others() -> None:
    """The desktop's Postgres would shrink for it, while the spare host has nothing to lose."""
    crowded = (*LOCAL, "openobserve", "collector")
    now = Situation(lab(nas=NAS, desktop=crowded, spare=("chunk",)), machines(nas=3700, desktop=31000, spare=8000))
    moves = [way.do for way in refused(now).ways_out if way.do.startswith("move")]
    assert moves
    assert all(move.endswith(" to spare") for move in moves)


@pytest.mark.parametrize("other", ["full", "unmeasured", "haos"])
def test_nothing_is_moved_to_a_host_that_cannot_take_it(other: str) -> None:
    then = lab(nas=NAS, other=())
    known = dict(machines(nas=3700, other=16000))
    if other == "full":
        known |= machines(other=300)
    elif other == "unmeasured":
        del known["other"]
    else:
        haos = then.hosts["other"].model_copy(update={"system": "haos"})
        then = then.model_copy(update={"hosts": {**then.hosts, "other": haos}})
    ways = refused(Situation(then, known)).ways_out
    assert not [way for way in ways if way.do.startswith("move")]


def test_nothing_is_moved_to_a_processor_that_cannot_run_it() -> None:
    placed = ("extract", "embedder", "chunk")
    old = facts(8000, host="old", flags=())
    now = Situation(lab(small=placed, old=()), {**machines(small=1200), "old": old})
    assert [way.do for way in refused(now).ways_out if way.do.startswith("move")] == []
    now = now.with_facts("old", facts(8000, host="old"))
    assert next(way.do for way in refused(now).ways_out) == "move embedder to old"


def test_several_move_together_where_one_is_not_enough() -> None:
    now = Situation(lab(pi=("postgres", "litellm", "extract", "chunk")), machines(pi=1500))
    now = now.with_lab(hosts={**now.lab.hosts, "desktop": Host(address="d", place=())})
    now = now.with_facts("desktop", facts(32000, host="desktop"))
    first, *_ = refused(now).ways_out
    assert (first.do, first.saves_mib) == ("move litellm and extract to desktop", 1408)
    assert first.loses == ""


def test_who_moves_a_store_is_told_that_its_data_must_be_copied() -> None:
    now = Situation(lab(nas=("postgres", "oxigraph"), spare=()), machines(nas=900, spare=8000))
    ways = {way.do: way.loses for way in refused(now).ways_out}
    assert ways["move oxigraph to spare"] == "data to copy: oxigraph"


def test_parts_are_left_out_together_where_none_alone_is_enough_and_each_is_needed() -> None:
    placed = ("promptfoo", "console", "context-forge", "postgres", "nats", "garage")
    now = Situation(lab(nas=placed), machines(nas=1900))
    left = [way for way in refused(now).ways_out if way.do.startswith("leave out")]
    assert rows(tuple(left)) == [("leave out phase 4", 1152)]
    placed = ("promptfoo", "console", "openobserve", "collector", "litellm", "nats")  # without console's 128
    now = Situation(lab(nas=placed), machines(nas=1500))
    left = [way for way in refused(now).ways_out if way.do.startswith("leave out")]
    assert rows(tuple(left)) == [("leave out openobserve, collector and promptfoo", 1216)]


def test_of_a_full_disk_just_so_much_is_freed_that_it_fits() -> None:
    known = {"nas": facts(8000, host="nas", disk_gib=200, free_gib=2)}
    now = Situation(lab(nas=("garage", "nats")), known)
    refusal = refused(now)
    assert refusal.resource == "disk"
    assert sum(mib for _, mib in refusal.lines) == refusal.wanted_mib > refusal.total_mib
    assert [way.do for way in refusal.ways_out] == ["free 33 GiB on the disk of nas", "take a disk of 256 GB"]
    (gib,) = (int(found[1]) for way in refusal.ways_out if (found := re.match(r"free (\d+) GiB", way.do)))
    plan(Situation(now.lab, {"nas": facts(8000, host="nas", disk_gib=200, free_gib=2 + gib)}))
    refused(Situation(now.lab, {"nas": facts(8000, host="nas", disk_gib=200, free_gib=1 + gib)}))


def test_a_profile_for_trials_is_no_way_out_though_it_would_fit() -> None:
    known = {"nas": facts(8000, host="nas", disk_gib=40, free_gib=10)}
    now = Situation(lab(nas=("garage", "nats")), known)
    plan(now.with_lab(profile="sandbox"))
    assert [way.do for way in refused(now).ways_out] == ["free 2 GiB on the disk of nas", "take a disk of 64 GB"]


def test_a_smaller_model_and_a_smaller_profile_are_ways_out_of_a_large_model() -> None:
    now = Situation(lab(small=("llama-server", "litellm")), machines(small=15600)).with_lab(profile="default")
    ways = {way.do: way.loses for way in refused(now).ways_out}
    smaller = "serve qwen3-4b by llama-server instead of glm-4.7-flash"
    assert list(ways)[:2] == [smaller, "write 'profile: low-memory' in lab.example.yaml"]
    assert ways[smaller] == "answers of the larger model"
    plan(now.serving("small", "llama-server", ("qwen3-4b",)))
    plan(now.with_lab(profile="low-memory"))


def test_a_chosen_model_moves_with_its_server() -> None:
    now = Situation(lab(small=("ollama",), other=()), machines(small=1000, other=8000))
    now = now.serving("small", "ollama", ("qwen3-0.6b",))
    moved = now.placing({"small": (), "other": ("ollama",)})
    assert moved.lab.hosts["other"].serve.chosen == {"ollama": ("qwen3-0.6b",)}
    assert moved.lab.hosts["small"].serve.chosen == {}


def test_a_disk_that_is_too_small_is_shown_beside_the_smallest_that_would_do() -> None:
    """Of 16 GiB two stay free and four are for images; a tenth of the other ten is Postgres'."""
    now = Situation(lab(nas=("postgres",)), {"nas": facts(8000, host="nas", disk_gib=6)})
    refusal = refused(now)
    assert (refusal.total_mib, refusal.wanted_mib) == (6 * 1024, 16 * 1024)
    gib = {use: mib / 1024 for use, mib in refusal.lines}
    assert gib == {"kept free": 2, "images": 4, "postgres": 1, "in no share": 9}
    assert [way.do for way in refusal.ways_out] == ["take a disk of 32 GB"]
    plan(now.with_facts("nas", facts(8000, host="nas", disk_gib=16)))
    refused(now.with_facts("nas", facts(8000, host="nas", disk_gib=15)))


def test_no_way_is_proposed_where_there_is_none() -> None:
    assert refused(Situation(lab(nas=("postgres",)), machines(nas=500))).ways_out == (
        WayOut("take a machine with 1 GiB of memory", 0, "its price"),
    )


@pytest.mark.parametrize("ram_mib", [1500, 2400, 3700, 5000, 6600])
@pytest.mark.parametrize("other_mib", [2000, 6000, 64000])
def test_every_proposal_plans(ram_mib: int, other_mib: int) -> None:
    now = Situation(lab(small=EVERYTHING, other=()), machines(small=ram_mib, other=other_mib))
    for way in refused(now).ways_out:
        then = after(now, way.do)
        assert then is not None, way.do
        plan(then)


def after(now: Situation, do: str) -> Situation | None:
    """The situation that a person makes who does what is proposed."""
    placed = now.lab.hosts["small"].placed
    if found := re.fullmatch(r"move (.+) to other", do):
        gone = re.split(r", | and ", found[1])
        return now.placing({"small": [one for one in placed if one not in gone], "other": gone})
    if found := re.fullmatch(r"leave out (.+)", do):
        gone = PHASES.get(found[1]) or re.split(r", | and ", found[1])
        assert set(gone) <= set(placed)
        return now.placing({"small": [one for one in placed if one not in gone]})
    if found := re.fullmatch(r"take a machine with (\d+) GiB of memory", do):
        small = now.facts["small"]
        return now.with_facts("small", changed(small, Machine(ram=int(found[1]) * GIB)))
    return None


PHASES = {
    "phase 4": ["promptfoo", "console", "context-forge"],
    "the graph": ["graph", "oxigraph"],
    "phases 2 and 4": [
        *("extract", "graph", "chunk", "embed", "api", "openobserve", "collector"),
        *("promptfoo", "console", "context-forge"),
    ],
}
