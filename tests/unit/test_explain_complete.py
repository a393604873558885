"""Every value that a plan derives from hardware has a chain, on every recorded machine.

The walk begins at the JSON that programs read, not at what `explain` knows: a value that is added there and cannot
be explained fails here.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab.errors import BudgetExceeded
from homelab.explain import Explained, everything
from homelab.figure import Step
from homelab.imagined import RECORDED
from homelab.plan_json import document
from homelab.situation import HostPlan
from unit.recorded import EVERYTHING, HOSTS, ROLES, plan

ROOT = Path(__file__).parents[2]

OF_A_LINE = {
    "request_mib": "request",
    "limit_mib": "limit",
    "replicas_max": "replicas",
    "cpu_request_m": "cpu_request",
    "cpu_limit_m": "cpu_limit",
}
OF_THE_HOST = {"total_mib": "host.total", "free_mib": "host.free"}
OF_THE_CARD = {"total_mib": "host.vram", "kept_mib": "host.vram_kept", "free_mib": "host.vram_free"}
NOT_DERIVED = {
    "lines": {"consumer", "kind", "replicas_min"},  # always one
    "models": {
        *("consumer", "pool"),
        # settings of the server too, where their chain is, but for the parts and the alternatives of `used`
        *("context", "slots", "cache", "loaded_at_once", "loads", "next"),
    },
}
"""Names, and what is the same on every machine."""


def placements(host: str) -> list[tuple[str, ...]]:
    servers = ("llama-server", "ollama")
    return [EVERYTHING, (*EVERYTHING, *servers, "timescaledb", "mindsdb"), servers, ROLES.get(host, ("nats",))]


def plans() -> Iterator[tuple[str, HostPlan]]:
    for host in HOSTS:
        for number, placed in enumerate(placements(host)):
            try:
                yield f"{host}-{number}", plan(host, placed)
            except BudgetExceeded:
                continue


PLANS = dict(plans())


def values(host: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Name for `explain` and value in the JSON, of everything derived. KeyError for a key unheard of."""
    for key, value in host.items():
        match key:
            case "name" | "profile" | "gates":
                pass  # names; a gate carries its own evidence, rule and source
            case "lines":
                for line in value:
                    for name in line.keys() - NOT_DERIVED["lines"]:
                        yield f"{line['consumer']}.{OF_A_LINE[name]}", str(line[name])
            case "models":
                for server in value:
                    for name in server.keys() - NOT_DERIVED["models"]:
                        known = {"memory_mib": server["pool"], "used_mib": "used"}[name]
                        yield f"{server['consumer']}.{known}", str(server[name])
            case "vram":
                for name in (value or {}).keys() - {"lines"}:
                    yield OF_THE_CARD[name], str(value[name])
                for line in (value or {}).get("lines", ()):
                    yield f"{line['consumer']}.vram", str(line["limit_mib"])
            case "disk":
                assert value.keys() == {"class", "mount", "total_gib", "lines"}
                yield "host.disk", str(value["total_gib"])
                for line in value["lines"]:
                    yield f"{line['use']}.disk", str(line["gib"])
            case "settings":
                for consumer, settings in value.items():
                    for name, text in settings.items():
                        yield f"{consumer}.{name}", text
            case _:
                yield OF_THE_HOST[key], str(value)


@pytest.mark.parametrize("name", PLANS)
def test_every_value_of_a_recorded_machine_is_explained_from_a_fact_or_a_line_to_its_result(name: str) -> None:
    one = PLANS[name]
    known = {explained.name: explained for explained in everything(one)}
    (host,) = document([one])["hosts"]
    found, facts = dict(values(host)), one.facts.model_dump_json(by_alias=True)
    assert found.keys() - known.keys() == set()
    for value, text in found.items():
        _holds(known[value], text, facts)


def _holds(explained: Explained, text: str, facts: str) -> None:
    figure, first = explained.figure, explained.figure.chain[0]
    assert text in (explained.text, str(figure.value)), explained.name
    assert figure.chain[-1].value == f"{figure.value} {figure.unit}".rstrip(), explained.name
    assert first.kind in ("fact", "profile"), (explained.name, first)
    for step in figure.chain:
        assert step.because, (explained.name, step)
        assert _exists(step, facts), (explained.name, step)


def _exists(step: Step, facts: str) -> bool:
    """Whether the fact is one of the document's, and the line one of the file's; a rule needs only a name."""
    if step.kind == "fact":
        return _in_facts(step.source, facts)
    if step.kind == "profile":
        file, _, key = step.source.partition(": ")
        return _in_file(file, key)
    return bool(step.source)


@cache
def _in_facts(source: str, facts: str) -> bool:
    found: Any = json.loads(facts)
    for part in re.findall(r"[^.\[\]]+|\[[^\]]*\]", source):
        if part.startswith("["):
            found = next((mount for mount in found if mount["path"] == part[1:-1]), None)
        else:
            found = found.get(part) if isinstance(found, dict) else None
        if found is None:
            return False
    return True


@cache
def _in_file(file: str, key: str) -> bool:
    path = ROOT / {"lab.yaml": "lab.example.yaml"}.get(file, file)
    found: Any = yaml.safe_load(path.read_text("utf-8"))
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return True


def test_every_recorded_machine_is_walked() -> None:
    assert {name.rpartition("-")[0] for name in PLANS} == {path.stem for path in RECORDED.glob("*.json")}


def test_a_value_that_explain_does_not_know_is_found() -> None:
    (host,) = document([PLANS["desktop-32g-0"]])["hosts"]
    host["lines"][0]["swap_mib"] = 7
    with pytest.raises(KeyError):
        dict(values(host))
