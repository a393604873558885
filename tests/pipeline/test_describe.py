"""A document → triples, without and with what a model found."""

import json
import re
from typing import Any

import pytest
from chain import document

from pipeline import rdf
from pipeline.contract import Block, Extracted, Link, Metadata
from pipeline.describe import describe
from pipeline.entities import ModelReader, Reading, read
from pipeline.errors import Malformed, Unavailable
from pipeline.terms import language, terms

DOC = "<urn:lab:doc:d>"
MENTIONS = "<https://schema.org/mentions>"


def extracted(*blocks: Block, links: tuple[Link, ...] = (), **metadata: Any) -> Extracted:
    given = Metadata(filename="a.md", media_type="text/markdown", size=1, **metadata)
    return Extracted(
        doc_id="d", source_uri="file:///docs/a.md", metadata=given, title="A", pages=2, blocks=blocks, links=links
    )


def lines(document: Extracted, reading: Reading | None = None) -> list[str]:
    return describe(document, reading).splitlines()


def test_a_document_says_what_it_is_and_where_it_came_from() -> None:
    assert lines(extracted(modified="2026-11-20T08:00:00+00:00")) == [
        f"{DOC} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://schema.org/DigitalDocument> .",
        f'{DOC} <http://purl.org/dc/terms/title> "A" .',
        f"{DOC} <http://purl.org/dc/terms/source> <file:///docs/a.md> .",
        f'{DOC} <http://purl.org/dc/terms/format> "text/markdown" .',
        f'{DOC} <https://schema.org/numberOfPages> "2"^^<http://www.w3.org/2001/XMLSchema#integer> .',
        f"{DOC} <http://purl.org/dc/terms/created> "
        '"2026-11-20T08:00:00+00:00"^^<http://www.w3.org/2001/XMLSchema#dateTime> .',
    ]


def test_sections_are_part_of_the_section_above_and_at_last_of_the_document() -> None:
    headings = [("One", 1), ("One a", 2), ("One a i", 3), ("One b", 2), ("Two", 1)]
    blocks = [Block(kind="heading", text=text, level=level) for text, level in headings]
    found = [line for line in lines(extracted(*blocks)) if "isPartOf" in line]
    part = "<https://schema.org/isPartOf>"
    section = [f"<urn:lab:doc:d:section:{number}>" for number in range(1, 6)]
    assert found == [
        f"{section[0]} {part} {DOC} .",
        f"{section[1]} {part} {section[0]} .",
        f"{section[2]} {part} {section[1]} .",
        f"{section[3]} {part} {section[0]} .",
        f"{section[4]} {part} {DOC} .",
    ]


@pytest.mark.parametrize(
    ("target", "thing"),
    [
        ("https://example.org/x", "<https://example.org/x>"),
        ("b.md", "<file:///docs/b.md>"),
        ("two words.md", "<file:///docs/two%20words.md>"),
        (
            "https://e.org/> . <urn:a> <urn:b> <urn:c",
            "<https://e.org/%3E%20.%20%3Curn:a%3E%20%3Curn:b%3E%20%3Curn:c>",
        ),
        ("http://[broken", "<http://[broken>"),
    ],
)
def test_links_are_references_and_cannot_break_out(target: str, thing: str) -> None:
    [line] = [line for line in lines(extracted(links=(Link(target=target),))) if "references" in line]
    assert line == f"{DOC} <http://purl.org/dc/terms/references> {thing} ."


def test_a_link_within_the_document_is_no_reference() -> None:
    assert not [line for line in lines(extracted(links=(Link(target="#top"),))) if "references" in line]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ("back\\slash", r'"back\\slash"'),
        ("two\nlines\tand\0 nothing\x1b", r'"two\nlines\tand nothing"'),
        ("Wärme 熱 🔥", '"Wärme 熱 🔥"'),
    ],
)
def test_literals_are_escaped(text: str, written: str) -> None:
    assert rdf.literal(text) == written


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("Home Assistant", "<urn:lab:entity:home-assistant>"),
        ("Häfele GmbH & Co.", "<urn:lab:entity:häfele-gmbh-co>"),
        ("C++", "<urn:lab:entity:c>"),
        ("熱ポンプ", "<urn:lab:entity:熱ポンプ>"),
        ("> <urn:x>", "<urn:lab:entity:urn-x>"),
        ("!?", None),
    ],
)
def test_an_entity_is_named_by_its_letters_and_digits(name: str, iri: str | None) -> None:
    assert rdf.entity(name) == iri


def test_relations_are_named_in_camel_case() -> None:
    assert rdf.relation("is made by") == "<urn:lab:relation:isMadeBy>"


def test_terms_of_a_text_are_mentioned_and_related_to_those_they_stand_with() -> None:
    found = lines(document())
    heat_pump, tank = "<urn:lab:entity:heat-pump>", "<urn:lab:entity:buffer-tank>"
    assert any(line.endswith(f"{MENTIONS} {heat_pump} .") and line.startswith("<urn:lab:doc:") for line in found)
    assert any("skos/core#prefLabel" in line and line.startswith(heat_pump) for line in found)
    related = [line for line in found if "skos/core#related" in line]
    assert any({heat_pump, tank} <= set(line.split()) for line in related)


def test_the_same_document_gives_the_same_triples_each_once() -> None:
    assert describe(document()) == describe(document())
    assert len(lines(document())) == len(set(lines(document())))


def test_code_is_not_looked_through_for_terms_where_there_is_prose() -> None:
    code = Block(kind="code", text="def zeppelin(): return zeppelin\n" * 5)
    assert "zeppelin" not in describe(extracted(Block(kind="text", text="The boiler is warm."), code))


def test_terms_of_nothing_are_none() -> None:
    assert terms(["", "  \n"]).labels == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Die Pumpe steht im Keller und ist mit dem Speicher verbunden.", "de"),
        ("La pompe est dans la cave et elle est reliée au réservoir.", "fr"),
        ("The pump is in the cellar and feeds the tank.", "en"),
        ("x = 1", "en"),
    ],
)
def test_the_language_is_told_by_its_stop_words(text: str, code: str) -> None:
    assert language(text) == code


ANSWER = {
    "entities": [{"name": "Ann", "type": "person"}, {"name": "Acme", "type": "organization"}],
    "relations": [
        {"subject": "Ann", "predicate": "works for", "object": "Acme"},
        {"subject": "Ann", "predicate": "knows", "object": "Nobody Named"},
    ],
}


class Model:
    """A model that gives `answers` in turn."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.schemas: list[dict[str, Any] | None] = []

    async def complete(self, system: str, user: str, *, schema: dict[str, Any] | None = None) -> str:
        self.schemas.append(schema)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stream(self, system: str, user: str) -> Any:
        raise NotImplementedError


async def test_what_a_model_found_is_stated_between_entities_that_it_named() -> None:
    reading = await read(["Ann works for Acme."], ModelReader(Model(json.dumps(ANSWER))))
    found = lines(extracted(), reading)
    assert "<urn:lab:entity:ann> <urn:lab:relation:worksFor> <urn:lab:entity:acme> ." in found
    assert '<urn:lab:entity:ann> <urn:lab:kind> "person" .' in found
    assert f'{DOC} <urn:lab:modelRead> "1 of 1 windows" .' in found
    assert not [line for line in found if "nobody" in line]


async def test_nonsense_is_asked_for_once_more() -> None:
    model = Model("nonsense", json.dumps(ANSWER))
    reading = await read(["Ann works for Acme."], ModelReader(model))
    assert (reading.read, reading.failure, len(reading.entities)) == (1, None, 2)


async def test_a_model_that_keeps_answering_nonsense_is_noted_in_the_graph() -> None:
    model = Model('{"entities": 1, "relations": []}', Malformed("chat model", "cut off"))
    reading = await read(["Ann."], ModelReader(model))
    [line] = [line for line in lines(extracted(), reading) if "modelFailure" in line]
    assert line == f'{DOC} <urn:lab:modelFailure> "cut off" .'
    assert f'{DOC} <urn:lab:modelRead> "0 of 1 windows" .' in lines(extracted(), reading)


async def test_a_model_that_is_away_is_no_nonsense() -> None:
    with pytest.raises(Unavailable):
        await read(["Ann."], ModelReader(Model(Unavailable("chat model", "away"))))


async def test_a_long_document_is_read_in_windows_up_to_sixteen() -> None:
    model = Model(*[json.dumps(ANSWER)] * 16)
    reading = await read(["words " * 500] * 40, ModelReader(model))
    assert (reading.read, reading.windows) == (16, 40)
    assert len(reading.entities) == 2
    assert all(re.search("maxLength", json.dumps(schema)) for schema in model.schemas)
