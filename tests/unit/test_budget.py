"""The ledger: hand-written answers for known hosts, and properties for all of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab import profile
from homelab.budget import Budget, plan
from homelab.consumers import CONSUMERS, LOCAL
from homelab.errors import BudgetExceeded
from homelab.facts import Facts
from unit.hosts import facts

EVERYTHING = tuple(c for c in CONSUMERS if c not in ("mindsdb", "timescaledb", "llama-server", "ollama"))


def budget(ram_mib: int, placed: tuple[str, ...] = EVERYTHING, *, name: str = "auto", cores: int = 8) -> Budget:
    host = facts(ram_mib, cores=cores)
    rules = profile.load(name, ram_mib=ram_mib, flags=host.cpu.flags)
    return plan(host, placed, rules, "desktop")


def limits(ledger: Budget) -> dict[str, int]:
    return {line.consumer: line.limit.value for line in ledger.lines}


def test_the_default_desktop_is_shared_out_as_on_paper() -> None:
    ledger = budget(31949)
    assert limits(ledger) == {
        "reserve": 6380,
        "headroom": 1956,
        "postgres": 12760,
        "nats": 994,
        "oxigraph": 2552,
        "litellm": 957,
        "openobserve": 1595,
        "garage": 512,
        "extract": 640,
        "graph": 384,
        "embedder": 384,
        "chunk": 192,
        "embed": 256,
        "api": 256,
        "collector": 192,
        "context-forge": 512,
        "console": 128,
        "promptfoo": 512,
    }
    assert (ledger.line("extract").replicas_max, ledger.line("graph").replicas_max) == (2, 1)
    assert ledger.free_mib == 147


def test_postgres_gets_two_fifths_of_the_default_desktop_with_everything_else_placed() -> None:
    share = budget(31949).line("postgres").limit.value / 31949
    assert 0.36 <= share <= 0.44


@pytest.mark.parametrize(
    ("ram_mib", "headroom"),
    [(8000, 160), (16384, 326), (24576, 1179), (32768, 2040), (65536, 2048), (131072, 2620)],
)
def test_headroom_is_two_percent_then_a_slope_then_two_percent_again(ram_mib: int, headroom: int) -> None:
    assert budget(ram_mib, ("nats",)).line("headroom").limit.value == headroom


@pytest.mark.parametrize(("ram_mib", "name"), [(15900, "low-memory"), (31949, "default"), (64000, "high-memory")])
def test_the_profile_follows_the_measured_memory(ram_mib: int, name: str) -> None:
    assert profile.load("auto", ram_mib=ram_mib).name == name


def test_a_host_that_cannot_hold_the_floors_is_refused_with_the_whole_sum() -> None:
    with pytest.raises(BudgetExceeded) as refusal:
        budget(4000, LOCAL)
    assert refusal.value.total_mib == 4000
    assert refusal.value.wanted_mib == 5040
    assert refusal.value.lines == (
        ("reserve", 800),
        ("headroom", 80),
        ("postgres", 512),
        ("litellm", 768),
        ("garage", 256),
        ("oxigraph", 256),
        ("nats", 256),
        ("extract", 640),
        ("graph", 384),
        ("embedder", 384),
        ("chunk", 192),
        ("embed", 256),
        ("api", 256),
    )


def test_cpu_requests_shrink_in_proportion_when_the_cores_are_few() -> None:
    ledger = budget(24100, LOCAL, cores=2)
    requests = {line.consumer: line.cpu_request.value for line in ledger.lines}
    assert requests["extract"] == requests["graph"] == 240
    assert sum(line.cpu_request.value * line.replicas_max for line in ledger.lines[2:]) <= 1800


def test_a_few_cores_hold_fewer_replicas() -> None:
    assert budget(64000, LOCAL, cores=4).line("extract").replicas_max == 2
    assert budget(64000, LOCAL, cores=16).line("extract").replicas_max == 3


def test_every_chain_begins_with_a_fact_or_a_profile() -> None:
    for line in budget(31949).lines:
        for figure in (line.request, line.limit, line.cpu_request, line.cpu_limit):
            assert figure.chain[0].kind in ("fact", "profile")
            assert figure.chain[-1].value == f"{figure.value} {figure.unit}"


hosts = st.builds(
    lambda ram, cores: facts(ram, cores=cores),
    st.integers(min_value=2048, max_value=1024 * 1024),
    st.integers(min_value=1, max_value=128),
)
placements = st.sets(st.sampled_from([c for c in CONSUMERS if c not in ("llama-server", "ollama")]), min_size=1)
profiles = st.sampled_from(["default", "high-memory", "low-memory"])


@given(hosts, placements, profiles)
def test_every_plan_fits_its_host_or_is_refused_for_a_sum_that_does_not(
    host: Facts, placed: set[str], name: str
) -> None:
    total, cores = host.homelab.total_ram_mb, host.homelab.cpu_cores * 1000
    rules = profile.load(name, ram_mib=total)
    floors = sum(rules.rules.consumers[consumer].floor for consumer in placed)
    try:
        ledger = plan(host, sorted(placed), rules, "desktop")
    except BudgetExceeded as refused:
        refusal = refused
    else:
        assert sum(line.limit.value * line.replicas_max for line in ledger.lines) + ledger.free_mib == total
        assert ledger.free_mib >= 0
        for line in ledger.lines:
            assert 0 <= line.request.value <= line.limit.value
            assert 0 <= line.cpu_request.value <= line.cpu_limit.value <= cores
            if line.consumer in placed:
                assert line.limit.value >= rules.rules.consumers[line.consumer].floor
        return
    assert refusal.wanted_mib > refusal.total_mib
    assert sum(mib for _, mib in refusal.lines) == refusal.wanted_mib > floors


@pytest.mark.parametrize("name", ["default", "high-memory", "low-memory"])
@pytest.mark.parametrize("placed", [LOCAL, EVERYTHING, ("extract", "graph"), ("nats", "extract")])
def test_more_memory_never_gives_any_consumer_less(name: str, placed: tuple[str, ...]) -> None:
    ledgers = [budget(ram, placed, name=name) for ram in range(12_000, 70_000, 350)]
    for before, after in pairwise(ledgers):
        for line in before.lines:
            assert after.line(line.consumer).total_mib >= line.total_mib
