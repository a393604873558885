"""The chain behind a number, by hand and for every number."""

from pathlib import Path

import pytest

from homelab import lab, planner
from homelab.errors import InvalidInput
from homelab.explain import everything, explain
from unit.hosts import facts

LAB = lab.load(Path(__file__).parents[2] / "lab.example.yaml")


def test_shared_buffers_goes_back_to_the_measured_memory() -> None:
    plan = planner.plan_host(LAB, "desktop", facts(31949))
    assert explain(plan, "postgres.shared_buffers").as_json() == {
        "schema": "explain/1",
        "name": "postgres.shared_buffers",
        "value": "3190MB",
        "unit": "MiB",
        "chain": [
            {
                "kind": "fact",
                "source": "homelab.total_ram_mb",
                "value": "31949 MiB",
                "because": "measured on the host",
            },
            {
                "kind": "rule",
                "source": "step",
                "value": "31900 MiB",
                "because": "shared out in steps of 100 MiB",
            },
            {
                "kind": "profile",
                "source": "profiles/default.yaml: consumers.postgres.percent",
                "value": "12760 MiB",
                "because": "40 % of RAM",
            },
            {
                "kind": "rule",
                "source": "postgres.shared_buffers",
                "value": "3190 MiB",
                "because": "25 % of the limit",
            },
        ],
    }


def test_an_overlay_is_named_where_it_set_the_value() -> None:
    plan = planner.plan_host(LAB, "desktop", facts(31949))
    assert explain(plan, "pipeline.embed_batch").figure.chain[0].source == "profiles/avx2.yaml: embedding.batch"


@pytest.mark.parametrize("ram_mib", [6000, 16000, 31949, 64000, 256000])
def test_every_value_of_a_plan_has_a_chain_that_ends_in_it(ram_mib: int) -> None:
    plan = planner.plan_host(LAB, "desktop", facts(ram_mib))
    found = list(everything(plan))
    assert len({explained.name for explained in found}) == len(found)
    for explained in found:
        last = explained.figure.chain[-1]
        assert last.value == f"{explained.figure.value} {explained.figure.unit}".rstrip(), explained.name
        assert all(step.because and step.source for step in explained.figure.chain), explained.name


def test_a_misspelt_value_is_met_with_its_neighbour() -> None:
    plan = planner.plan_host(LAB, "desktop", facts(31949))
    with pytest.raises(InvalidInput) as refusal:
        explain(plan, "postgres.shared_bufers")
    (problem,) = refusal.value.problems
    assert str(problem) == (
        "explain · postgres.shared_bufers · the plan of desktop has no such value · "
        "did you mean postgres.shared_buffers?"
    )
