"""Facts around a question, out of a real graph store."""

from collections.abc import AsyncIterator

import pytest

from pipeline import rdf
from pipeline.adapters.graph import Graph
from pipeline.answer import Fact
from pipeline.contract import graph_name
from pipeline.neighbours import FACTS, facts_near
from pipeline.ports import Passage
from pipeline.rdf import DCTERMS, SCHEMA, SKOS, iri, literal
from pipeline.settings import Settings
from servers import Server

UPS = Passage("c1", "d1", "Power plan", "file:///power.md", "The UPS carries the NAS.", None, None, 0.9)


def document(
    name: str, title: str, terms: list[str], related: list[tuple[str, str]], refers_to: str = "", more: str = ""
) -> tuple[str, str]:
    """Graph and triples as the graph stage writes them."""
    this = iri(graph_name(name))
    lines = [f"{this} <{DCTERMS}title> {literal(title)} .", f"{this} <{DCTERMS}source> <file:///{name}> ."]
    for term in terms:
        lines.append(f"{this} <{SCHEMA}mentions> {rdf.entity(term)} .")
        lines.append(f"{rdf.entity(term)} <{SKOS}prefLabel> {literal(term)} .")
    lines += [f"{rdf.entity(a)} <{SKOS}related> {rdf.entity(b)} ." for a, b in related]
    if refers_to:
        lines.append(f"{this} <{DCTERMS}references> <file:///{refers_to}> .")
    return graph_name(name), "\n".join([*lines, more]) + "\n"


@pytest.fixture
async def graph(oxigraph_server: Server) -> AsyncIterator[Graph]:
    store = Graph(Settings(oxigraph_url=oxigraph_server.url))
    yield store
    for row in await store.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"):
        await store.drop(row["g"])
    await store.close()


async def put(graph: Graph, *documents: tuple[str, str]) -> None:
    for name, triples in documents:
        await graph.replace(name, triples)


async def test_what_a_model_stated_comes_first_then_references_mentions_and_company(graph: Graph) -> None:
    stated = f"{rdf.entity('UPS')} {rdf.relation('was bought from')} {rdf.entity('Wagner')} ."
    await put(
        graph,
        document("d1", "Power plan", ["UPS", "Wagner", "charge"], [("UPS", "charge")], "d2", stated),
        document("d2", "The bad night", ["disk"], []),
        document("d3", "Inventory", ["UPS"], []),
    )
    assert await facts_near(graph, "How old is the UPS?", [UPS]) == (
        Fact(subject="UPS", predicate="was bought from", object="Wagner"),
        Fact(subject="Power plan", predicate="refers to", object="The bad night"),
        Fact(subject="Inventory", predicate="mentions", object="UPS"),
        Fact(subject="UPS", predicate="is related to", object="charge"),
    )


async def test_a_document_that_refers_to_a_found_one_is_near_too(graph: Graph) -> None:
    await put(graph, document("d1", "Power plan", [], []), document("d2", "Index", [], [], "d1"))
    said = await facts_near(graph, "How old is it?", [UPS])
    assert said == (Fact(subject="Index", predicate="refers to", object="Power plan"),)


async def test_without_a_term_in_the_question_the_best_passage_gives_them(graph: Graph) -> None:
    await put(graph, document("d1", "Power plan", ["NAS", "moon", "disk"], [("NAS", "disk"), ("moon", "disk")]))
    said = await facts_near(graph, "How long does it last?", [UPS])
    assert said == (Fact(subject="NAS", predicate="is related to", object="disk"),)


async def test_terms_that_repeat_each_other_are_said_once(graph: Graph) -> None:
    terms = ["UPS", "UPS carries", "battery", "battery charge"]
    pairs = [("UPS", "UPS carries"), ("UPS", "battery"), ("battery charge", "UPS")]
    await put(graph, document("d1", "Power plan", terms, pairs))
    said = await facts_near(graph, "How old is the UPS?", [UPS])
    assert said == (Fact(subject="UPS", predicate="is related to", object="battery"),)


async def test_a_term_that_everything_mentions_does_not_take_all_the_room(graph: Graph) -> None:
    crowd = [document(f"e{n}", f"Other {n:02}", ["UPS"], []) for n in range(30)]
    await put(graph, document("d1", "Power plan", ["UPS", "charge"], [("charge", "disk")]), *crowd)
    await put(graph, document("d9", "Disks", ["disk"], []))
    said = await facts_near(graph, "What charge has the UPS?", [UPS])
    assert len(said) == FACTS
    assert Fact(subject="charge", predicate="is related to", object="disk") in said


async def test_a_graph_that_knows_nothing_has_no_facts(graph: Graph) -> None:
    assert await facts_near(graph, "How old is the UPS?", [UPS]) == ()
