"""Dependency order: what may be parallel is, what must wait does."""

from dataclasses import dataclass
from threading import Barrier, Event

import pytest

from homelab.local.order import in_order, levels


@dataclass(frozen=True)
class Thing:
    name: str
    needs: tuple[str, ...] = ()


STORES = (Thing("nats"), Thing("postgres"))
THINGS = (*STORES, Thing("bootstrap", ("nats", "postgres", "not-placed")), Thing("api", ("bootstrap",)))


def test_everything_comes_after_what_it_needs() -> None:
    seen: list[str] = []
    in_order(THINGS, lambda thing, _: seen.append(thing.name))
    assert sorted(seen[:2]) == ["nats", "postgres"]
    assert seen[2:] == ["bootstrap", "api"]


def test_in_reverse_everything_comes_after_what_needs_it() -> None:
    seen: list[str] = []
    in_order(THINGS, lambda thing, _: seen.append(thing.name), reverse=True)
    assert seen[:2] == ["api", "bootstrap"]
    assert sorted(seen[2:]) == ["nats", "postgres"]


def test_what_does_not_need_each_other_runs_at_the_same_time() -> None:
    both = Barrier(2, timeout=10)  # broken, and raised, unless both wait at it together
    in_order(STORES, lambda _thing, _cancelled: both.wait() and None)


def test_a_failure_starts_nothing_more_and_tells_those_at_work() -> None:
    seen: list[str] = []

    def act(thing: Thing, cancelled: Event) -> None:
        if thing.name == "nats":
            raise RuntimeError("no")
        assert cancelled.wait(10)
        seen.append(thing.name)

    with pytest.raises(RuntimeError, match="no"):
        in_order(THINGS, act)
    assert seen == ["postgres"]


def test_nothing_to_do_is_fine() -> None:
    in_order((), lambda _thing, _cancelled: None)


def test_levels_are_the_longest_chains() -> None:
    assert levels(THINGS) == {"nats": 1, "postgres": 1, "bootstrap": 2, "api": 3}
