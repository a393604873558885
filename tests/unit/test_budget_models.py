"""Servers of models in the ledger: by hand for known hosts, and what must hold for any."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab import profile
from homelab.budget import Budget, plan, served
from homelab.budget.models import Demand, shared_disk
from homelab.consumers import CONSUMERS, LOCAL
from homelab.errors import BudgetExceeded
from homelab.facts import Facts
from homelab.figure import given as figure
from homelab.llm import load, names
from unit.hosts import facts

ORIN = 30536
SERVERS = ("llama-server", "ollama")


def budget(host: Facts, placed: tuple[str, ...], name: str = "auto", **models: tuple[str, ...]) -> Budget:
    rules = profile.load(name, ram_mib=host.homelab.total_ram_mb, flags=host.cpu.flags)
    chosen = {consumer.replace("_", "-"): those for consumer, those in models.items()}
    return plan(host, placed, rules, "any", served=served(placed, rules, chosen, Path()))


def limits(ledger: Budget) -> dict[str, int]:
    return {line.consumer: line.limit.value for line in ledger.lines}


def test_unified_memory_is_counted_once() -> None:
    ledger = budget(facts(ORIN, unified=True), ("llama-server",))
    # 30,500 MiB are shared out: 20 % reserve; headroom by its slope; 70 % for models, 512 of them the process.
    assert limits(ledger) == {"reserve": 6100, "headroom": 1809, "llama-server": 21350}
    assert ledger.free_mib == 1277
    assert ledger.vram is None
    serving = ledger.servings["llama-server"]
    assert (serving.pool, serving.memory.value) == ("unified", 20838)
    assert str(serving.fit.setup) == "glm-4.7-flash Q4_K_M, 32768 tokens in 2 slots, cache q8_0"


def test_a_card_that_has_room_for_both_servers_has_both() -> None:
    small = ("qwen3-0.6b",)
    ledger = budget(facts(64_000, vram_mib=24_564), SERVERS, "default", llama_server=small, ollama=small)
    assert ledger.vram is not None
    assert set(ledger.vram.shares) == set(SERVERS)


def test_models_that_fill_their_part_to_the_last_mib_fit() -> None:
    # The smallest setup of qwen3-0.6b takes 968 MiB beside the 512 of the process: 1 % of 148,000.
    default = profile.load("default", ram_mib=1)
    of_one = default.rules.models.model_copy(update={"memory_percent": 1})
    rules = replace(default, rules=default.rules.model_copy(update={"models": of_one}))
    chosen = served(("ollama",), rules, {"ollama": ("qwen3-0.6b",)}, Path())
    assert limits(plan(facts(148_000), ("ollama",), rules, "any", served=chosen))["ollama"] == 1480
    with pytest.raises(BudgetExceeded):
        plan(facts(147_900), ("ollama",), rules, "any", served=chosen)


def test_a_line_of_a_model_asks_for_all_that_it_may_use() -> None:
    line = budget(facts(ORIN, unified=True), ("llama-server",)).line("llama-server")
    assert (line.kind, line.request.value, line.replicas_max) == ("model", line.limit.value, 1)


def test_a_card_has_a_ledger_of_its_own_and_the_host_holds_the_process() -> None:
    # A card of 24 GB; 70 % of it hold the smallest file with 32,768 tokens, 16,962 MiB.
    ledger = budget(facts(64_000, vram_mib=24_564), ("postgres", "llama-server"), "default")
    assert limits(ledger)["llama-server"] == 512
    assert ledger.vram is not None
    assert (ledger.vram.total.value, ledger.vram.kept.value) == (24_564, 7370)
    assert {name: share.value for name, share in ledger.vram.shares.items()} == {"llama-server": 17_194}
    assert ledger.vram.free_mib == 0
    serving = ledger.servings["llama-server"]
    assert serving.memory.value == 17_194
    assert str(serving.fit.setup) == "glm-4.7-flash IQ4_XS, 32768 tokens in one slot, cache q8_0"


def test_what_a_card_cannot_hold_is_in_ram_and_says_so() -> None:
    ledger = budget(facts(64_000, vram_mib=12_282), SERVERS)
    glm, ollama = ledger.servings["llama-server"], ledger.servings["ollama"]
    assert (glm.pool, ollama.pool) == ("ram", "vram")
    assert limits(ledger)["ollama"] == 512
    because = [step.because for step in ledger.line("llama-server").limit.chain]
    assert any("the smallest setup needs 16116 MiB of the card, which has 8597" in why for why in because)
    assert ledger.vram is not None
    assert list(ledger.vram.shares) == ["ollama"]


def test_two_servers_share_the_ceiling() -> None:
    ledger = budget(facts(64_000, unified=True), SERVERS)
    shares = limits(ledger)
    assert shares["llama-server"] + shares["ollama"] == 64_000 * 70 // 100
    # The first grows first; the second has its floor: 512 and the smallest that qwen3-4b takes.
    assert shares["ollama"] == 512 + 3102


def test_a_model_takes_no_more_than_its_largest_setup() -> None:
    ledger = budget(facts(64_000), ("ollama",), ollama=("qwen3-0.6b",))
    assert limits(ledger)["ollama"] < 16_000
    assert ledger.servings["ollama"].fit.steps == ()
    last = ledger.line("ollama").limit.chain[-1]
    assert last.because.endswith("at most qwen3-0.6b Q8_0, 40960 tokens in 2 slots, cache f16")
    assert ledger.free_mib > 20_000


def test_where_others_grow_too_models_take_half_of_what_is_left() -> None:
    alone = budget(facts(31_949), ("postgres", "ollama"))
    shared = budget(facts(31_949), ("postgres", "ollama", "nats"))
    # 31,900 − 6,380 − 1,956 − 12,760 = 10,804, of it 512 + 3,102 the floor; the rest in whole, or half of it.
    assert limits(alone)["ollama"] == 10_804
    left = 10_804 - 3614 - 256
    assert limits(shared)["ollama"] == 3614 + left // 2
    uneven = budget(facts(31_749), ("postgres", "ollama", "nats"))
    assert limits(uneven)["ollama"] == 3614 + (10_745 - 3614 - 256) // 2 == 7051
    burst = budget(facts(31_949), ("postgres", "ollama", "extract"))
    assert limits(burst)["ollama"] == 3614 + (10_804 - 3614 - 640) // 2


def test_each_server_may_keep_its_best_files_while_there_is_room_for_them() -> None:
    # Files of 2 to 4 GiB, and of 16 to 30.
    def demand(model: str) -> Demand:
        none = figure("rule", "none", 0, "MiB", "")
        return Demand((load(model, Path()),), "ram", none, none, none)

    demands = {"ollama": demand("llama-3.2-3b"), "llama-server": demand("glm-4.7-flash")}
    rules = profile.load("default", ram_mib=1)
    rooms = (figure("fact", "disk", gib, "GiB", "") for gib in (40, 30, 19))
    assert [tuple(shared_disk(demands, room, rules).values()) for room in rooms] == [(4, 30), (4, 26), (3, 16)]


def test_models_above_their_ceiling_are_refused_with_a_sum_that_does_not_fit() -> None:
    with pytest.raises(BudgetExceeded) as refusal:
        budget(facts(23_000, unified=True), ("llama-server",))
    assert refusal.value.lines == (("not for models", 6900), ("llama-server", 16_628))
    assert refusal.value.wanted_mib == 23_528 > refusal.value.total_mib == 23_000


def test_the_profile_names_a_smaller_model_for_a_small_host() -> None:
    pi = budget(facts(8051, cores=4), SERVERS, llama_server=("qwen3-0.6b",))
    assert [load.model.name for load in pi.servings["ollama"].fit.setup.loads] == [
        "qwen3-1.7b",
        "nomic-embed-text",
    ]
    assert [load.model.name for load in pi.servings["llama-server"].fit.setup.loads] == ["qwen3-0.6b"]


def test_without_a_word_on_models_the_profiles_are_served() -> None:
    rules = profile.load("default", ram_mib=ORIN)
    ledger = plan(facts(ORIN, unified=True), ("llama-server",), rules, "any")
    assert [load.model.name for load in ledger.servings["llama-server"].fit.setup.loads] == ["glm-4.7-flash"]


hosts = st.builds(
    lambda ram, cores, gpu: facts(ram, cores=cores, vram_mib=gpu or None, unified=gpu == 0),
    st.integers(min_value=2048, max_value=1024 * 1024),
    st.integers(min_value=1, max_value=128),
    st.one_of(st.none(), st.just(0), st.integers(min_value=2048, max_value=100_000)),
)
placements = st.tuples(
    st.sets(st.sampled_from([name for name in CONSUMERS if name not in SERVERS])),
    st.sets(st.sampled_from(SERVERS), min_size=1),
).map(lambda parts: tuple(name for name in CONSUMERS if name in parts[0] | parts[1]))
profiles = st.sampled_from(["default", "high-memory", "low-memory"])
one = st.sampled_from(names()).map(lambda name: (name,))
several = st.lists(st.sampled_from(names()), min_size=1, max_size=3, unique=True).map(tuple)


def adds_up(ledger: Budget, total: int) -> None:
    assert sum(line.total_mib for line in ledger.lines) + ledger.free_mib == total
    assert ledger.free_mib >= 0
    here = 0
    for consumer, serving in ledger.servings.items():
        assert serving.fit.setup.mib <= serving.memory.value
        if serving.pool != "vram":
            assert serving.memory.value + 512 == ledger.line(consumer).limit.value
            here += ledger.line(consumer).limit.value
    assert here <= total * 70 // 100
    if ledger.vram is not None:
        assert ledger.vram.free_mib >= 0
        assert sum(share.value for share in ledger.vram.shares.values()) <= ledger.vram.total.value * 70 // 100


@given(hosts, placements, profiles, one, several)
def test_every_plan_with_models_fits_host_and_card_or_is_refused_for_a_sum_that_does_not(
    host: Facts, placed: tuple[str, ...], name: str, one: tuple[str, ...], several: tuple[str, ...]
) -> None:
    total = host.homelab.total_ram_mb
    try:
        ledger = budget(host, placed, name, llama_server=one, ollama=several)
    except BudgetExceeded as refused:
        refusal = refused
    else:
        adds_up(ledger, total)
        return
    assert refusal.wanted_mib > refusal.total_mib
    if refusal.resource == "memory":
        assert sum(mib for _, mib in refusal.lines) == refusal.wanted_mib


@given(
    placements,
    profiles,
    one,
    several,
    st.sampled_from([None, 0, 8192, 24_564]),
    st.lists(st.integers(min_value=4000, max_value=200_000), min_size=2, max_size=6),
)
def test_more_memory_never_gives_any_consumer_less_beside_models(
    placed: tuple[str, ...],
    name: str,
    one: tuple[str, ...],
    several: tuple[str, ...],
    gpu: int | None,
    sizes: list[int],
) -> None:
    ledgers = []
    for ram in sorted(sizes):
        host = facts(ram, vram_mib=gpu or None, unified=gpu == 0)
        try:
            ledgers.append(budget(host, placed, name, llama_server=one, ollama=several))
        except BudgetExceeded:
            assert not ledgers, "what fits a host fits a larger one"
    for before, after in pairwise(ledgers):
        for line in before.lines:
            assert after.line(line.consumer).total_mib >= line.total_mib, line.consumer


LEAST = {
    ("llama-server",): 24_000,
    SERVERS: 29_000,
    ("postgres", "nats", "ollama"): 8_000,
    (*LOCAL, *SERVERS): 36_000,
}
"""MiB with which each placement just fits."""


@pytest.mark.parametrize("placed", LEAST)
@pytest.mark.parametrize("unified", [True, False])
def test_a_few_more_mib_never_take_any_from_a_consumer_beside_models(
    placed: tuple[str, ...], unified: bool
) -> None:
    ledgers = [budget(facts(ram, unified=unified), placed, "default") for ram in range(LEAST[placed], 90_000, 350)]
    for before, after in pairwise(ledgers):
        for line in before.lines:
            assert after.line(line.consumer).total_mib >= line.total_mib, line.consumer


GLM = ("glm-4.7-flash",)


def disk(ledger: Budget) -> dict[str, int]:
    return {use: share.value for use, share in ledger.disk.shares.items()}


def test_the_files_of_models_come_off_the_disk_before_anything_is_shared() -> None:
    # Q8_0 of glm is 31,842,799,968 B, 30 GiB rounded up; images take 30, 40 stay free; Garage has 70 % of 300.
    host = facts(60_000, unified=True, disk_gib=400)
    assert disk(budget(host, ("llama-server", "garage"))) == {"images": 30, "llama-server": 30, "garage": 210}


def test_a_disk_without_room_for_the_best_file_gets_the_best_that_fits_it() -> None:
    # Of 40 GiB 4 stay free and images take 12 (30 %): 24 are left, where Q8_0 needs 30 and Q6_K 23.
    ledger = budget(facts(60_000, unified=True, disk_gib=40), ("llama-server",))
    (load,) = ledger.servings["llama-server"].fit.setup.loads
    assert load.quantization.name == "Q6_K"
    assert disk(ledger) == {"images": 12, "llama-server": 23}


def test_a_disk_that_cannot_hold_the_smallest_files_is_refused_with_its_sum() -> None:
    with pytest.raises(BudgetExceeded) as refusal:
        budget(facts(60_000, unified=True, disk_gib=16), ("llama-server",))
    assert (refusal.value.resource, refusal.value.total_mib) == ("disk", 16 * 1024)
    lines = dict(refusal.value.lines)
    assert sum(lines.values()) == refusal.value.wanted_mib
    assert lines["llama-server"] == 16 * 1024  # the smallest file is 16.3 · 10⁹ B


def test_what_the_files_take_is_explained_by_the_memory_and_the_disk() -> None:
    ledger = budget(facts(60_000, unified=True, disk_gib=40), ("llama-server",))
    chain = ledger.disk.shares["llama-server"].chain
    assert {"homelab.total_ram_mb", "storage_performance.mounts[/].free_bytes"} <= {step.source for step in chain}
    assert chain[-1].because.endswith("of glm-4.7-flash")


@given(st.integers(20, 400), st.integers(1, 60), st.sampled_from([("ollama",), SERVERS, (*SERVERS, "garage")]))
def test_a_larger_disk_never_serves_a_smaller_file(gib: int, more: int, placed: tuple[str, ...]) -> None:
    def sizes(disk_gib: int) -> list[int]:
        ledger = budget(facts(120_000, unified=True, disk_gib=disk_gib), placed)
        return [sum(load.quantization.bytes for load in one.fit.setup.loads) for one in ledger.servings.values()]

    try:
        before = sizes(gib)
    except BudgetExceeded:
        return
    assert all(after >= size for after, size in zip(sizes(gib + more), before, strict=True))
