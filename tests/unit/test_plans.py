"""The plan of every recorded machine, byte for byte as it was reviewed.

A change of a rule or a profile shows as a diff of each machine that it touches. `HOMELAB_SNAPSHOTS=write` in the
environment writes the files anew; the diff is then what is reviewed.
"""

import json
import os
from pathlib import Path

import pytest

from homelab.errors import BudgetExceeded
from homelab.plan_json import document
from unit.recorded import EVERYTHING, HOSTS, MODELS, ROLES, plan

FIXTURES = Path(__file__).parents[1] / "fixtures"
PLANS = FIXTURES / "plans"
WRITES = os.environ.get("HOMELAB_SNAPSHOTS") == "write"


def rendered(host: str, placed: tuple[str, ...]) -> str:
    """`plan/1` or `refusal/1`, for people to read."""
    try:
        found = document([plan(host, placed)])
    except BudgetExceeded as refusal:
        found = refusal.as_json()
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def is_as_reviewed(name: str, text: str) -> None:
    path = PLANS / f"{name}.json"
    if WRITES:
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text


def schema(name: str) -> object:
    return json.loads((PLANS / f"{name}.json").read_text("utf-8"))["schema"]


@pytest.mark.parametrize("host", HOSTS)
def test_everything_on_one_recorded_machine_is_planned_or_refused_as_reviewed(host: str) -> None:
    is_as_reviewed(host, rendered(host, EVERYTHING))


@pytest.mark.parametrize("host", ROLES)
def test_a_small_recorded_machine_is_planned_for_its_role_as_reviewed(host: str) -> None:
    is_as_reviewed(f"{host}.role", rendered(host, ROLES[host]))


@pytest.mark.parametrize("host", MODELS)
def test_a_recorded_machine_that_serves_models_is_planned_as_reviewed(host: str) -> None:
    is_as_reviewed(f"{host}.models", rendered(host, MODELS[host]))


def test_every_machine_that_cannot_hold_everything_holds_its_role() -> None:
    assert {host for host in HOSTS if schema(host) == "refusal/1"} <= ROLES.keys()
    assert [host for host in ROLES if schema(f"{host}.role") != "plan/1"] == []


def test_no_snapshot_is_of_a_machine_that_is_gone() -> None:
    expected = {*HOSTS, *(f"{host}.role" for host in ROLES), *(f"{host}.models" for host in MODELS)}
    assert {path.stem for path in PLANS.glob("*.json")} == expected


def test_every_recorded_machine_says_whether_it_was_measured_or_composed() -> None:
    rows = [line.split("`") for line in (FIXTURES / "hosts/README.md").read_text("utf-8").splitlines()]
    origins = {row[1]: row[2].strip("| ") for row in rows if len(row) > 2 and row[0] == "| "}
    assert tuple(sorted(origins)) == HOSTS
    assert all(origin.startswith(("measured: ", "composed: ")) for origin in origins.values())


def test_postgres_has_two_fifths_of_the_default_desktop_with_everything_else_placed() -> None:
    (host,) = json.loads((PLANS / "desktop-32g.json").read_text("utf-8"))["hosts"]
    lines = {line["consumer"]: line for line in host["lines"]}
    assert set(EVERYTHING) < lines.keys()
    assert 0.36 <= lines["postgres"]["limit_mib"] / host["total_mib"] <= 0.44
    assert sum(line["limit_mib"] * line["replicas_max"] for line in host["lines"]) < host["total_mib"]
