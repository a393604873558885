"""Which setup fits: choices that a person checked, and what must hold for any memory."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab.llm import Model, Step, Wish, fit, largest, load, names, smallest

WISH = Wish(slots=2, context=16384, caches=("f16", "q8_0"))


def models(*wanted: str) -> tuple[Model, ...]:
    return tuple(load(name, Path()) for name in wanted)


GLM = models("glm-4.7-flash")
PI = models("qwen3-4b", "nomic-embed-text")


def chosen(what: tuple[Model, ...], mib: int, wish: Wish = WISH) -> str:
    found = fit(what, mib, wish)
    assert found is not None
    return str(found.setup)


@pytest.mark.parametrize(
    ("mib", "setup"),
    [
        # IQ4_XS is 15,592.6 MiB, 4,096 tokens at q8_0 are 112.4, the buffer at most 410.5.
        (16116, "glm-4.7-flash IQ4_XS, 4096 tokens in one slot, cache q8_0"),
        (17232, "glm-4.7-flash IQ4_XS, 16384 tokens in 2 slots, cache q8_0"),
        (18500, "glm-4.7-flash Q4_K_M, 16384 tokens in one slot, cache q8_0"),
        (20838, "glm-4.7-flash Q4_K_M, 16384 tokens in 2 slots, cache f16"),
        (30000, "glm-4.7-flash Q6_K, 32768 tokens in 2 slots, cache f16"),
        (70000, "glm-4.7-flash Q8_0, 202752 tokens in 2 slots, cache f16"),
    ],
)
def test_context_first_until_it_is_enough_then_bits_then_slots_then_the_cache(mib: int, setup: str) -> None:
    assert chosen(GLM, mib) == setup


def test_a_memory_below_the_smallest_setup_fits_nothing() -> None:
    least = smallest(GLM, WISH).mib
    assert least == 16116
    assert fit(GLM, least - 1, WISH) is None


def test_the_next_steps_are_said_with_what_each_needs() -> None:
    found = fit(GLM, 20838, WISH)
    assert found is not None
    assert found.steps == (Step("32768 tokens", 21283), Step("Q5_K_M", 22528))
    for step in found.steps:
        assert step.mib > 20838


def test_a_step_up_says_the_disk_that_it_needs_where_the_memory_would_do() -> None:
    found = fit(GLM, 51_907, WISH, disk_gib=16)  # an H200 beside a disk that is nearly full
    assert found is not None
    assert found.setup.loads[0].quantization.name == "IQ4_XS"
    [step] = found.steps
    assert step == Step("UD-Q4_K_XL", 38_248, 17)
    assert step.mib < 51_907
    assert step.disk == ", and 17 GiB on a disk with more room"


def test_a_step_up_says_nothing_of_a_disk_with_room_for_it() -> None:
    found = fit(GLM, 20_838, WISH, disk_gib=20)
    assert found is not None
    assert [step.gib for step in found.steps] == [None, None]
    assert found.steps[0].disk == ""


def test_nothing_is_better_than_the_largest_setup() -> None:
    found = fit(GLM, largest(GLM, WISH).mib, WISH)
    assert found is not None
    assert found.setup == largest(GLM, WISH)
    assert found.steps == ()


def test_a_small_memory_loads_one_model_at_a_time() -> None:
    found = fit(PI, 3102, WISH)
    assert found is not None
    assert found.setup.at_once == 1
    assert found.setup.mib == max(load.need.mib for load in found.setup.loads)
    assert Step("all models at once", 3370) in found.steps


def test_both_models_at_once_come_before_a_context_that_is_enough() -> None:
    # qwen3-4b alone would have 16,384 tokens in 4,080 MiB; both have 8,192, and a better file, in 4,192.
    found = fit(PI, 4200, WISH)
    assert found is not None
    assert (found.setup.at_once, found.setup.context, found.setup.mib) == (2, 8192, 4192)


def test_an_encoder_keeps_its_own_context_beside_a_model_with_more() -> None:
    found = fit(PI, 8000, WISH)
    assert found is not None
    assert [load.context for load in found.setup.loads] == [16384, 2048]
    assert found.setup.mib == sum(load.need.mib for load in found.setup.loads)


def test_an_encoder_alone_has_one_context() -> None:
    assert chosen(models("nomic-embed-text"), 400) == "nomic-embed-text F16, 2048 tokens in 2 slots, cache f16"


def worth(what: tuple[Model, ...], mib: int, wish: Wish) -> tuple[int, ...]:
    found = fit(what, mib, wish)
    if found is None:
        return (0,)
    setup = found.setup
    order = -wish.caches.index(setup.cache)
    return (setup.at_once, min(setup.context, wish.context), setup.level, setup.slots, order, setup.context)


sets = st.lists(st.sampled_from(names()), min_size=1, max_size=3, unique=True).map(lambda found: models(*found))
wishes = st.builds(
    Wish,
    st.integers(min_value=1, max_value=4),
    st.sampled_from([4096, 16384, 65536]),
    st.sampled_from([("f16",), ("f16", "q8_0"), ("q8_0", "q4_0"), ("f16", "q8_0", "q4_0")]),
)


@given(sets, st.integers(min_value=100, max_value=130_000), wishes)
def test_what_is_chosen_fits_and_no_step_up_from_it_does(what: tuple[Model, ...], mib: int, wish: Wish) -> None:
    found = fit(what, mib, wish)
    if found is None:
        assert mib < smallest(what, wish).mib
        return
    assert found.setup.mib <= mib
    assert all(step.mib > mib and step.gib is None for step in found.steps)
    assert found.setup.context <= max(model.context for model in what)
    assert found.setup.slots <= wish.slots
    assert found.setup.cache in wish.caches


@given(sets, st.lists(st.integers(min_value=100, max_value=130_000), min_size=2, max_size=8), wishes)
def test_more_memory_never_gives_a_worse_setup(what: tuple[Model, ...], sizes: list[int], wish: Wish) -> None:
    ranks = [worth(what, mib, wish) for mib in sorted(sizes)]
    assert all(before <= after for before, after in pairwise(ranks))
