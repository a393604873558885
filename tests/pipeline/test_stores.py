"""The adapters of the stores, over real servers."""

import http.server
import random
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest
from chain import document, over_s3, vector_store
from embeddings_stand_in import vector_of

from pipeline.adapters.graph import Graph
from pipeline.adapters.objects import Objects
from pipeline.adapters.vectors import Vectors
from pipeline.contract import Chunk, chunk_id
from pipeline.errors import Malformed, Misconfigured, NoSpace, Refused, Unavailable
from pipeline.settings import Settings
from servers import Server, until
from small_disk import small_disk

GRAPH = "urn:lab:doc:x"


@pytest.fixture
async def vectors(lab: Settings) -> AsyncIterator[Vectors]:
    async with vector_store(lab) as store:
        await store.create()
        yield store


@pytest.fixture
async def graph(lab: Settings) -> AsyncIterator[Graph]:
    store = Graph(lab)
    yield store
    await store.close()


def _chunks(doc_id: str, *texts: str) -> tuple[list[Chunk], dict[str, list[float]]]:
    chunks = [Chunk(chunk_id=chunk_id(doc_id, i, t), index=i, text=t, page=i + 1) for i, t in enumerate(texts)]
    return chunks, {chunk.chunk_id: vector_of(chunk.text) for chunk in chunks}


async def test_creating_the_tables_twice_changes_nothing_the_second_time(lab: Settings) -> None:
    async with vector_store(lab) as store:
        assert await store.create() is True
        assert await store.create() is False
        await store.check()


async def test_a_database_that_is_not_there_is_created(lab: Settings) -> None:
    async with vector_store(lab.model_copy(update={"postgres_db": f"{lab.postgres_db}_new"})) as store:
        assert await store.create() is True
        assert await store.counts() == {"documents": 0, "chunks": 0, "embeddings": 0}


async def test_a_document_is_stored_with_exactly_its_chunks(vectors: Vectors) -> None:
    extracted = document()
    chunks, made = _chunks(extracted.doc_id, "alpha", "beta", "gamma")
    await vectors.store(extracted, chunks, made)
    await vectors.store(extracted, chunks, {})
    assert await vectors.counts() == {"documents": 1, "chunks": 3, "embeddings": 3}
    await vectors.store(extracted, chunks[:2], {})
    assert await vectors.has_chunks([chunk.chunk_id for chunk in chunks]) == {c.chunk_id for c in chunks[:2]}


async def test_a_document_that_is_forgotten_takes_its_chunks_along(vectors: Vectors) -> None:
    extracted = document()
    await vectors.store(extracted, *_chunks(extracted.doc_id, "alpha"))
    assert await vectors.forget(extracted.doc_id) is True
    assert await vectors.forget(extracted.doc_id) is False
    assert await vectors.counts() == {"documents": 0, "chunks": 0, "embeddings": 0}


async def test_a_document_counts_as_complete_once_it_was_marked(vectors: Vectors) -> None:
    extracted = document()
    await vectors.store(extracted, *_chunks(extracted.doc_id, "alpha"))
    assert await vectors.completed([extracted.doc_id]) == set()
    await vectors.mark_complete(extracted.doc_id)
    assert await vectors.completed([extracted.doc_id, "unknown"]) == {extracted.doc_id}


async def test_a_vector_of_another_length_is_refused_before_anything_is_written(vectors: Vectors) -> None:
    extracted = document()
    chunks, _ = _chunks(extracted.doc_id, "alpha")
    with pytest.raises(Misconfigured, match="gives 3 dimensions, LAB_EMBED_DIMENSIONS=384"):
        await vectors.store(extracted, chunks, {chunks[0].chunk_id: [0.0, 0.0, 1.0]})
    assert await vectors.counts() == {"documents": 0, "chunks": 0, "embeddings": 0}


async def test_search_fuses_the_ranks_of_vectors_and_words(vectors: Vectors) -> None:
    extracted = document()
    texts = ("pump pump pump", "the pumps run at night", "nothing of the kind", "a word about the boiler")
    await vectors.store(extracted, *_chunks(extracted.doc_id, *texts))
    both = await vectors.search("pump", vector_of("pump"), 4)
    assert both[0].text == "pump pump pump"  # first in both rankings
    assert both[0].score == pytest.approx(1 / 61 + 1 / 61)
    words = await vectors.search("Which pump runs?", None, 4)
    assert {passage.text for passage in words} == {"pump pump pump", "the pumps run at night"}
    assert (both[0].doc_id, both[0].title, both[0].page) == (extracted.doc_id, "Heat pump manual", 1)


@pytest.mark.parametrize("text", ["", "the of and", "'; DROP TABLE documents; --", "\0", "a & | ! ( :* <->"])
async def test_search_takes_any_text(vectors: Vectors, text: str) -> None:
    assert await vectors.search(text, None, 3) == []


async def test_a_search_by_vector_uses_the_index(vectors: Vectors, lab: Settings) -> None:
    extracted = document()
    numbers = random.Random(7)
    chunks, made = _chunks(extracted.doc_id, *map(str, range(2000)))
    made = {identity: [numbers.gauss() for _ in range(384)] for identity in made}
    await vectors.store(extracted, chunks, made)
    await vectors.close()  # which makes the server count what was used
    async with vector_store(lab) as again:
        [first, *_] = await again.search("", made[chunks[1234].chunk_id], 5)
    assert first.text == "1234"
    assert lab.postgres_password is not None
    password = lab.postgres_password.get_secret_value()
    with psycopg.connect(
        host=lab.postgres_host, port=lab.postgres_port, dbname=lab.postgres_db, user="lab", password=password
    ) as connection:
        query = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'embeddings_cosine'"
        until(lambda: connection.execute(query).fetchone() == (1,), "the index was used once")


async def test_a_wrong_password_is_a_refusal_and_never_shown(lab: Settings) -> None:
    async with vector_store(lab.model_copy(update={"postgres_user": "nobody"})) as store:
        with pytest.raises(Refused) as refused:
            await store.check()
    assert lab.postgres_password is not None
    assert lab.postgres_password.get_secret_value() not in str(refused.value)


async def test_a_database_that_is_away_is_unavailable_and_comes_back(
    own_lab: tuple[Settings, dict[str, Server]],
) -> None:
    settings, servers = own_lab
    async with vector_store(settings) as store:
        await store.create()
        await store.counts()
        servers["postgres"].kill()
        with pytest.raises(Unavailable):
            await store.check()
        servers["postgres"].start()
        assert (await store.counts())["documents"] == 0


async def test_a_graph_is_replaced_as_a_whole(graph: Graph) -> None:
    assert await graph.replace(GRAPH, "<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:p> <urn:c> .\n") == 2
    assert await graph.replace(GRAPH, "<urn:a> <urn:p> <urn:d> .\n") == 1
    assert await graph.select("SELECT ?o WHERE { <urn:a> <urn:p> ?o }") == [{"o": "urn:d"}]
    await graph.drop(GRAPH)
    assert await graph.count() == 0


async def test_a_graph_that_cannot_be_written_whole_is_left_as_it_was(graph: Graph) -> None:
    await graph.replace(GRAPH, "<urn:a> <urn:p> <urn:b> .\n")
    with pytest.raises(Malformed):
        await graph.replace(GRAPH, "<urn:a> <urn:p> <urn:c> .\n<urn:broken .\n")
    # an update that fails in its second operation, after the first has dropped the graph
    unreachable = "<urn:a> <urn:p> <urn:c> . } } ; LOAD <http://127.0.0.1:1/x.nt> ; INSERT DATA { GRAPH <urn:g> {"
    with pytest.raises((Malformed, Unavailable)):
        await graph.replace(GRAPH, unreachable)
    assert await graph.select("SELECT ?o WHERE { <urn:a> <urn:p> ?o }") == [{"o": "urn:b"}]


@pytest.mark.parametrize(
    "sparql",
    [
        "INSERT DATA { <urn:a> <urn:p> <urn:b> }",
        "DROP ALL",
        "SELECT * WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT * WHERE { service silent <http://127.0.0.1:1/> { ?s ?p ?o } }",
        "SELECT nonsense",
    ],
)
async def test_the_door_for_queries_takes_nothing_else(graph: Graph, sparql: str) -> None:
    with pytest.raises(Malformed):
        await graph.select(sparql)
    assert await graph.count() == 0


async def test_a_keyword_in_a_string_is_none(graph: Graph) -> None:
    assert await graph.select('SELECT ?x WHERE { BIND("SERVICE" AS ?x) } # SERVICE') == [{"x": "SERVICE"}]


async def test_every_form_of_query_has_rows(graph: Graph) -> None:
    await graph.replace(GRAPH, '<urn:a> <urn:p> "say \\"hi\\"" .\n')
    triple = {"subject": "<urn:a>", "predicate": "<urn:p>", "object": '"say \\"hi\\""'}
    assert await graph.select("ASK { ?s ?p ?o }") == [{"boolean": "true"}]
    assert await graph.select("CONSTRUCT WHERE { ?s ?p ?o }") == [triple]
    assert await graph.select("DESCRIBE <urn:a>") == [triple]


async def test_objects_are_put_once_and_found(lab: Settings, tmp_path: Path) -> None:
    objects = Objects(lab)
    await objects.check()
    await objects.put("processed", "k.json", b"first")
    await objects.put("processed", "k.json", b"second")
    assert await objects.get("processed", "k.json") == b"first"
    await objects.delete("processed", "k.json")
    await objects.delete("processed", "k.json")
    assert await objects.exists("processed", "k.json") is False
    with pytest.raises(Malformed, match=r"there is no object processed/k\.json"):
        await objects.get("processed", "k.json")


async def test_a_folder_of_objects_is_cleared_and_no_other(lab: Settings, tmp_path: Path) -> None:
    objects = Objects(lab)
    for key in ("abc/1.json", "abc/2.json", "abcd/3.json", "abce"):
        await objects.put("processed", key, b"x")
    assert sorted(await objects.keys("processed", "abc")) == ["abc/1.json", "abc/2.json", "abcd/3.json", "abce"]
    assert await objects.clear("processed", "abc") == 2
    assert await objects.clear("processed", "abc") == 0
    assert sorted(await objects.keys("processed", "")) == ["abcd/3.json", "abce"]
    assert not (tmp_path / "objects/processed/abc").exists()


async def test_a_store_of_another_kind_is_refused(lab: Settings) -> None:
    with pytest.raises(Misconfigured, match="neither file:///folder nor s3://"):
        Objects(lab.model_copy(update={"objects": "ftp://x"}))


async def test_a_full_disk_under_the_object_store_is_said_in_its_words(lab: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        objects = Objects(lab.model_copy(update={"objects": disk.as_uri()}))
        with pytest.raises(NoSpace, match=r"^objects: no space left on device for processed/k$"):
            await objects.put("processed", "k", b"x" * 2 * 1024**2)


class FullGarage(http.server.BaseHTTPRequestHandler):
    """What Garage 2 answers when the file system of its own small database is full, as recorded."""

    def do_PUT(self) -> None:
        said = (Path(__file__).parents[1] / "fixtures/garage/full disk of its database.xml").read_bytes()
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_HEAD(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        return


async def test_garage_without_room_for_its_own_database_is_a_full_disk_too(lab: Settings) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FullGarage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        objects = over_s3(lab, endpoint)
        with pytest.raises(NoSpace, match=r"^objects: no space left on device for processed/k$"):
            await objects.put("processed", "k", b"x")
        server.shutdown()
        thread.join()


async def test_s3_that_is_away_is_unavailable_in_one_line(lab: Settings) -> None:
    objects = over_s3(lab, "http://127.0.0.1:1")
    with pytest.raises(Unavailable) as error:
        await objects.get("processed", "k")
    assert "\n" not in str(error.value)
