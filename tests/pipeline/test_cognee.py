"""Cognee's adapter: its graph in our vocabulary, and its failures in our errors. The real one: tests/cluster."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from chain import document
from pydantic import SecretStr

from pipeline.adapters import cognee
from pipeline.adapters.cognee import Cognee, Graph, found
from pipeline.contract import graph_name
from pipeline.describe import describe
from pipeline.entities import Entity, Kind, Relation, read
from pipeline.errors import Malformed, Misconfigured, PipelineError, RateLimited, Refused, Unavailable
from pipeline.settings import Settings
from pipeline.wiring import wired

KEY = "sk-of-tests-only"
IS_A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
SETTINGS = Settings(litellm_url="http://127.0.0.1:9", chat_model="chat", litellm_key=SecretStr(KEY))


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cognee]:
    """Over the stand-in's process."""
    monkeypatch.setattr(cognee, "MODULE", "cognee_stand_in")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    made = Cognee(SETTINGS)
    yield made
    made.close()


def processes() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "cognee_stand_in" in child.cmdline()]


def graph(*nodes: tuple[str, str, str], edges: list[tuple[str, str, str]] | None = None) -> Graph:
    return Graph.model_validate(
        {
            "nodes": [{"id": key, "name": name, "type": kind, "description": ""} for key, name, kind in nodes],
            "edges": [
                {"source_node_id": one, "relationship_name": verb, "target_node_id": other, "description": None}
                for one, verb, other in edges or []
            ],
        }
    )


async def test_what_cognee_found_is_stated_in_our_vocabulary(reader: Cognee) -> None:
    extracted = document(paragraphs=1)
    lines = describe(extracted, await read(["The heat pump feeds the buffer tank."], reader)).splitlines()
    this = f"<{graph_name(extracted.doc_id)}>"
    pump, tank = "<urn:lab:entity:heat-pump>", "<urn:lab:entity:buffer-tank>"
    for expected in (
        f"{this} <https://schema.org/mentions> {pump} .",
        f"{pump} {IS_A} <http://www.w3.org/2004/02/skos/core#Concept> .",
        f'{pump} <http://www.w3.org/2004/02/skos/core#prefLabel> "Heat pump" .',
        f'{pump} <urn:lab:kind> "product" .',
        f'{tank} <urn:lab:kind> "product" .',
        f"{pump} <urn:lab:relation:feedsInto> {tank} .",
        f'{this} <urn:lab:modelRead> "1 of 1 windows" .',
    ):
        assert expected in lines
    assert not [line for line in lines if "modelFailure" in line or "warms the house" in line]


@pytest.mark.parametrize(
    ("given", "kind"),
    [("Person", "person"), ("Organisation", "organization"), ("LOCATION", "place"), ("Timestamp", "other")],
)
def test_a_type_is_one_of_our_kinds(given: str, kind: Kind) -> None:
    assert found(graph(("a", "Ann", given))).entities == [Entity(name="Ann", type=kind)]


def test_a_relation_stands_between_the_names_of_its_nodes() -> None:
    read = found(graph(("a", "Ann", "person"), ("b", "Acme\n Ltd.", "company"), edges=[("a", "works_for", "b")]))
    assert read.relations == [Relation(subject="Ann", predicate="works_for", object="Acme Ltd.")]


def test_what_is_no_name_and_no_verb_is_left_out_with_what_hangs_on_it() -> None:
    read = found(
        graph(
            ("a", "Ann", "person"),
            ("b", "word " * 20, "concept"),
            ("c", " ", "concept"),
            edges=[
                ("a", "wrote", "b"),
                ("c", "by", "a"),
                ("a", "knows", "nobody"),
                ("a", "v" * 41, "a"),
                ("a", "", "a"),
            ],
        )
    )
    assert [entity.name for entity in read.entities] == ["Ann"]
    assert read.relations == []


@pytest.mark.parametrize(
    ("head", "kind", "reason"),
    [
        ({"status": 401, "message": "no\nkey", "kind": "", "wait": None}, Refused, "chat model: 401 no key"),
        (
            {"status": 404, "message": "no", "kind": "", "wait": None},
            Misconfigured,
            "chat model: 'chat' is not served there: 404 no",
        ),
        ({"status": 500, "message": "down", "kind": "", "wait": None}, Unavailable, "chat model: 500 down"),
        ({"status": 400, "message": "too long", "kind": "", "wait": None}, Malformed, "chat model: 400 too long"),
        (
            {"status": 400, "message": "no key", "kind": "no_db_connection", "wait": None},
            Refused,
            "chat model: 400 no key (LiteLLM's words for a key that it does not know)",
        ),
        ({"refused": "Quota"}, Refused, "chat model: no quota or budget is left (Quota)"),
        ({"malformed": "E"}, Malformed, "chat model: its answers are no graph of Cognee's (E)"),
    ],
)
async def test_each_failure_has_its_kind_and_the_process_serves_on(
    reader: Cognee, head: dict[str, Any], kind: type[PipelineError], reason: str
) -> None:
    reader.start()
    [before] = processes()
    with pytest.raises(kind) as failure:
        await reader.passage(json.dumps(head))
    assert (type(failure.value), str(failure.value)) == (kind, reason)
    assert (await reader.passage("a passage")).entities
    assert processes() == [before]


async def test_a_model_that_is_asked_too_often_says_how_long_it_wants_to_be_left_alone(reader: Cognee) -> None:
    with pytest.raises(RateLimited) as failure:
        await reader.passage('{"status": 429, "message": "slow", "kind": "", "wait": 7.0}')
    assert failure.value.retry_after == 7.0


async def test_a_passage_over_which_it_stumbles_is_malformed_unquoted_and_the_next_one_is_read(
    reader: Cognee,
) -> None:
    with pytest.raises(Malformed) as failure:
        await reader.passage("stumble")
    assert (
        str(failure.value) == "cognee: it stumbled over the model's answer (LookupError in cognee_stand_in.py:30)"
    )
    assert (await reader.passage("a passage")).entities


async def test_a_killed_process_is_unavailable_and_replaced(reader: Cognee) -> None:
    with pytest.raises(Unavailable, match=r"^cognee: its process was killed, probably for want of memory$"):
        await reader.passage("die")
    assert (await reader.passage("a passage")).entities


async def test_a_process_that_died_while_nobody_asked_costs_no_passage(reader: Cognee) -> None:
    reader.start()
    [idle] = processes()
    idle.kill()
    idle.wait()
    assert (await reader.passage("a passage")).entities


async def test_the_key_goes_by_the_pipe_alone(reader: Cognee) -> None:
    told = await reader.passage("who")
    assert [entity.name for entity in told.entities] == ["http://127.0.0.1:9", "chat", KEY]
    [process] = processes()
    assert KEY not in f"{process.cmdline()} {process.environ()}"


async def test_without_a_chat_model_the_worker_does_not_start() -> None:
    with pytest.raises(Misconfigured) as refusal:
        async with wired("graph", Settings(graph_engine="cognee")):
            pass
    assert str(refusal.value) == "LAB_GRAPH_ENGINE: cognee reads by a chat model, and LAB_CHAT_MODEL is not set"
